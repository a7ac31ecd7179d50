/* What every page needs beyond htmx and Tabler. Sentences come translated from <body data-text-*>. No eval, no inline code. */
(function () {
  "use strict";

  const body = document.body;
  const text = (name) => body.dataset[`text${name}`] || "";
  const reduced = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const sprite = body.dataset.sprite;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(space, "use");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  }

  /* -- toasts -------------------------------------------------------------------------------------------------- */

  const toasts = document.getElementById("toasts");

  function toast(message, { tone = "danger", link = null } = {}) {
    if (!toasts || [...toasts.children].some((shown) => shown.dataset.message === message)) return;
    const words = element("div", { class: "note-body" }, element("p", {}, message));
    if (link) words.append(element("a", { href: link.href, target: "_blank", rel: "noopener" }, link.label));
    const close = element("button", { type: "button", class: "close-button", "data-dismiss": "", "aria-label": text("Close") }, icon("x"));
    const names = { danger: "alert-circle", success: "circle-check", info: "info-circle", warning: "alert-triangle" };
    const note = element("div", { class: `note note-${tone}`, role: tone === "danger" ? "alert" : "status" }, icon(names[tone]), words, close);
    note.dataset.message = message;
    toasts.prepend(note);
    fade(note, tone);
  }

  // good news goes by itself; what went wrong stays until it is dismissed
  function fade(note, tone) {
    if (tone !== "success" && tone !== "info") return;
    let timer = null;
    const start = () => { timer = window.setTimeout(() => note.remove(), 7000); };
    const stop = () => window.clearTimeout(timer);
    for (const name of ["mouseenter", "focusin"]) note.addEventListener(name, stop);
    for (const name of ["mouseleave", "focusout"]) note.addEventListener(name, start);
    start();
  }

  function watchToasts() {
    for (const note of toasts ? toasts.querySelectorAll("[data-fade]") : []) {
      fade(note, note.dataset.fade);
      note.removeAttribute("data-fade");
    }
  }

  /* -- the CSRF token: signing in (in any tab) changes it ------------------------------------------------------- */

  const meta = document.querySelector('meta[name="csrf-token"]');
  const isSignIn = (url) => new URL(url, location.href).pathname === body.dataset.signInUrl;
  let stale = false;

  function sessionEnded() {
    toast(text("SessionEnded"), { tone: "warning", link: { href: body.dataset.signInUrl, label: text("SignIn") } });
    stale = true;
  }

  // a fresh token from the page itself; false where the sign-in has ended or nobody answers
  async function freshToken() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (isSignIn(answer.url) && !isSignIn(location.href)) {
        sessionEnded();
        return false;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector('meta[name="csrf-token"]');
      if (!token?.content || !meta) return false;
      meta.content = token.content;
      for (const input of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) input.value = token.content;
      stale = false;
      return true;
    } catch (error) {
      toast(text("Network"));
      return false;
    }
  }

  if ("BroadcastChannel" in window) {
    const channel = new BroadcastChannel("studio");
    channel.addEventListener("message", (event) => { if (event.data !== body.dataset.user) stale = true; });
    channel.postMessage(body.dataset.user);
  }

  /* -- questions before a step that cannot be taken back -------------------------------------------------------- */

  const confirmDialog = document.getElementById("confirm");
  let confirmed = null;

  function ask(source, go) {
    confirmDialog.querySelector("[data-confirm-question]").textContent = source.dataset.confirm;
    const yes = confirmDialog.querySelector("[data-confirm-yes]");
    yes.textContent = source.dataset.confirmAction || text("Confirm");
    yes.className = `btn ${source.dataset.confirmTone === "danger" ? "btn-danger" : "btn-primary"}`;
    confirmDialog.returnValue = "";
    confirmDialog.addEventListener("close", () => { if (confirmDialog.returnValue === "yes") go(); }, { once: true });
    confirmDialog.showModal();
  }

  function onSubmit(event) {
    const form = event.target;
    const source = event.submitter && event.submitter.dataset.confirm ? event.submitter : form;
    if (source.dataset.confirm && confirmed !== form && confirmDialog) {
      stop(event);
      if (!form.reportValidity()) return; // what is missing is said before the question, not after it
      const submitter = event.submitter;
      ask(source, () => {
        confirmed = form;
        form.requestSubmit(submitter);
        confirmed = null;
      });
      return;
    }
    if (form.method !== "post" || form.matches("[hx-post],[hx-put],[hx-patch],[hx-delete]")) return;
    if (stale) {
      stop(event);
      const submitter = event.submitter;
      freshToken().then((fresh) => {
        if (!fresh) return;
        confirmed = form;
        form.requestSubmit(submitter);
        confirmed = null;
      });
    } else if (form.dataset.sent) {
      stop(event); // a second click on a slow answer
    } else {
      form.dataset.sent = "yes";
    }
  }

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  document.addEventListener("submit", onSubmit, true);
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  /* -- clicks --------------------------------------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const source = event.target.closest("[data-confirm]");
    if (!source || source.matches("form, [type=submit]") || (source.tagName === "BUTTON" && source.form && source.type === "submit")) return;
    if (confirmed === source || !confirmDialog) return;
    stop(event);
    ask(source, () => {
      confirmed = source;
      source.click();
      confirmed = null;
    });
  }, true);

  const clicks = {
    "data-dialog-open": (button) => document.getElementById(button.dataset.dialogOpen)?.showModal(),
    "data-dialog-close": (button) => button.closest("dialog")?.close(button.value || ""),
    "data-dismiss": (button) => button.closest(".note")?.remove(),
    "data-theme-toggle": () => setTheme(document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark"),
    "data-copy": (button) => copy(document.querySelector(button.dataset.copy), button),
    "data-copy-text": (button) => copy(button.dataset.copyText, button),
    "data-back": () => history.back(),
    "data-reload": () => location.reload(),
  };

  document.addEventListener("click", (event) => {
    if (event.target.matches("dialog[data-dialog-light]")) event.target.close();
    for (const [name, act] of Object.entries(clicks)) {
      const button = event.target.closest(`[${name}]`);
      if (button) act(button);
    }
  });

  function setTheme(name) {
    document.documentElement.dataset.bsTheme = name;
    try {
      localStorage.setItem("studio-theme", name);
    } catch (error) {
      toast(text("NoStorage"), { tone: "info" });
    }
    document.dispatchEvent(new CustomEvent("studio:theme"));
  }

  async function copy(source, button) {
    const value = typeof source === "string" ? source : source?.value ?? source?.textContent.trim() ?? "";
    try {
      await navigator.clipboard.writeText(value);
      toast(text("Copied"), { tone: "success" });
    } catch (error) {
      selectInstead(source, button); // not a secure origin: leave the text selected for the keyboard
    }
  }

  function selectInstead(source, button) {
    const target = typeof source === "string" ? button : source;
    if (target.select) target.select();
    else getSelection().selectAllChildren(target);
    toast(text("CopySelf"), { tone: "info" });
  }

  /* -- htmx ----------------------------------------------------------------------------------------------------- */

  body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get" || !meta) return;
    event.detail.formData.delete("csrfmiddlewaretoken");
    event.detail.headers["X-CSRFToken"] = meta.content;
  });

  const again = new WeakSet();

  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, elt, requestConfig } = event.detail;
    if (isSignIn(xhr.responseURL || location.href) && !isSignIn(location.href)) {
      event.detail.shouldSwap = false;
      sessionEnded();
      return;
    }
    if (xhr.status < 400) return;
    const isError = /^\s*<div data-error-fragment/.test(xhr.responseText);
    if (xhr.status === 403 && isError && xhr.responseText.includes('data-code="csrf"') && !again.has(elt)) {
      event.detail.shouldSwap = false;
      repeat(elt, requestConfig);
    } else if (isError) {
      event.detail.shouldSwap = false;
      toasts.insertAdjacentHTML("afterbegin", xhr.responseText);
      if (toasts.firstElementChild?.textContent === toasts.children[1]?.textContent) toasts.children[1].remove();
    } else if ([403, 409, 422].includes(xhr.status)) {
      event.detail.shouldSwap = true; // a form with its errors, or the present state of the object
      event.detail.isError = false;
    } else {
      event.detail.shouldSwap = false;
      toast(text("Server"));
    }
  });

  async function repeat(elt, request) {
    again.add(elt);
    if (await freshToken()) {
      await window.htmx.ajax(request.verb, request.path, { source: elt, values: request.formData });
    }
    again.delete(elt);
  }

  body.addEventListener("htmx:sendError", () => toast(text("Network")));
  body.addEventListener("htmx:timeout", () => toast(text("Network")));

  body.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    watchToasts();
    const around = target.closest("dialog");
    if (around && !around.open && event.detail.xhr.status === 200) around.showModal();
    if (event.detail.xhr.status === 422) focusFirstError(target.isConnected ? target : document);
  });

  function focusFirstError(where) {
    const wrong = where.querySelector("[aria-invalid=true], .is-invalid, [data-form-errors]");
    if (!wrong) return;
    wrong.focus({ preventScroll: true });
    wrong.scrollIntoView({ block: "center", behavior: reduced() ? "auto" : "smooth" });
  }

  // keys of the page: "/" goes to the search field, and a button with aria-keyshortcuts is pressed by its key
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const search = event.key === "/" && document.querySelector("input[type=search]");
    const button = document.querySelector(`button[aria-keyshortcuts="${CSS.escape(event.key)}"]:not(:disabled)`);
    if (!search && !button) return;
    event.preventDefault();
    if (search) search.focus();
    else button.click();
  });

  // a table that scrolls sideways must be reachable by keyboard; one that fits should not be a stop
  function reachScrolls() {
    for (const box of document.querySelectorAll(".table-scroll")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  document.addEventListener("htmx:load", reachScrolls);
  window.addEventListener("resize", reachScrolls);
  reachScrolls();
  watchToasts();
  if (document.querySelector(".is-invalid, [data-form-errors]")) focusFirstError(document);
})();
