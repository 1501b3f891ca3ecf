// SPDX-License-Identifier: Apache-2.0
// Before the first paint: the look that was chosen, where one was.
(() => {
  try {
    const look = localStorage.getItem("look");
    if (look === "light" || look === "dark") document.documentElement.dataset.look = look;
  } catch { /* a browser that keeps nothing */ }
})();
