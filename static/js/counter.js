/* Live length of a text in its channel's unit, under any field with data-counter-unit. The server's count decides
   (campaigns/rules/limits.py); this one counts the same way, but for rare characters of unusual width. */
(function () {
  "use strict";

  const EAST_ASIAN = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\u{20000}-\u{3ffff}]/u;
  const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
  const AMBIGUOUS = /[\u00a1\u00a4\u00a7\u00a8\u00aa\u00ad\u00ae\u00b0-\u00b4\u00b6-\u00ba\u00bc-\u00bf\u00d7\u00f7\u0370-\u03ff\u0400-\u04ff\u2010\u2013-\u2016\u2018\u2019\u201c\u201d\u2020-\u2022\u2024-\u2027\u2030\u2032\u2033\u203b\u20ac\u2103\u2116\u2122\u2150-\u218f\u2190-\u2199\u2200-\u22ff\u2460-\u24ff\u2500-\u25ff\u2605\u2606\u260e\u2640\u2642]/u;
  const WORD = /[\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]|[\p{L}\p{N}_'’-]+/gu;
  const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const GSM_TWO = new Set("\f^{}\\[~]|€");

  function sms(text) {
    const letters = [...text];
    const gsm = letters.every((letter) => GSM.has(letter) || GSM_TWO.has(letter));
    const sizes = letters.map((letter) => (gsm ? (GSM_TWO.has(letter) ? 2 : 1) : letter.length));
    const units = sizes.reduce((sum, size) => sum + size, 0);
    const [single, part] = gsm ? [160, 153] : [70, 67];
    if (units <= single) return units ? 1 : 0;
    let segments = 1;
    let used = 0;
    for (const size of sizes) {
      if (used + size > part) {
        segments += 1;
        used = 0;
      }
      used += size;
    }
    return segments;
  }

  const measures = {
    characters: (text) => [...text].length,
    display_width: (text) => {
      const east = EAST_ASIAN.test(text);
      return [...text].reduce((sum, letter) => sum + (WIDE.test(letter) || (east && AMBIGUOUS.test(letter)) ? 2 : 1), 0);
    },
    utf16: (text) => text.length,
    bytes: (text) => new TextEncoder().encode(text).length,
    sms,
    words: (text) => (text.match(WORD) || []).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
  };

  function update(field) {
    const measure = measures[field.dataset.counterUnit];
    const output = document.querySelector(`[data-counter-for="${field.id}"]`);
    if (!measure || !output) return;
    const used = measure(field.value.replace(/\r\n/g, "\n"));
    const hard = Number(field.dataset.counterHard) || 0;
    const soft = Number(field.dataset.counterSoft) || 0;
    output.textContent = hard || soft ? `${used} / ${hard || soft}` : String(used);
    output.dataset.state = hard && used > hard ? "hard" : soft && used > soft ? "soft" : "";
  }

  function start(root) {
    for (const field of root.querySelectorAll("[data-counter-unit]")) update(field);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-counter-unit]")) update(event.target);
  });
  document.addEventListener("htmx:load", (event) => start(event.target.parentElement || document));
  start(document);
})();
