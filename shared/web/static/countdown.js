// Counts down to the instant in <time datetime="..." data-countdown>. Without it the page shows the time itself, which is enough.
// data-left holds the sentence with {left} in it; data-over what is shown when it is over.
"use strict";
(() => {
  const two = (number) => String(number).padStart(2, "0");
  const shown = (seconds) => {
    const hours = Math.floor(seconds / 3600);
    const rest = two(Math.floor((seconds % 3600) / 60)) + ":" + two(seconds % 60);
    return hours ? hours + ":" + rest : rest;
  };
  const tick = () => {
    for (const element of document.querySelectorAll("time[data-countdown]")) {
      const seconds = Math.floor((Date.parse(element.dateTime) - Date.now()) / 1000);
      if (seconds > 86400) continue;
      if (seconds > 0) element.textContent = (element.dataset.left || "{left}").replace("{left}", shown(seconds));
      else if (element.dataset.over) {
        element.textContent = element.dataset.over;
        delete element.dataset.countdown;
      }
    }
  };
  tick();
  setInterval(tick, 1000);
})();
