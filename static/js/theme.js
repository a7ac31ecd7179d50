/* Runs before the first paint, so that a dark page does not flash white: the stored choice, else the system's. */
(function () {
  "use strict";
  var stored = null;
  try {
    stored = window.localStorage.getItem("studio-theme");
  } catch (error) {
    stored = null; // storage is switched off: the system's choice counts
  }
  var dark = stored ? stored === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
})();
