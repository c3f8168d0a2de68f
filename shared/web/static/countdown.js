// Counts down to the instant in <time datetime="..." data-countdown>. Without it the page shows the time itself, which is enough.
// data-left holds the sentence with {left} in it; data-over what is shown when it is over. data-now is the server's clock when it
// sent the page: where it is given, that clock counts. With data-reload the page loads anew when it is over, not all at once.
"use strict";
(() => {
  const two = (number) => String(number).padStart(2, "0");
  const shown = (seconds) => {
    const hours = Math.floor(seconds / 3600);
    const rest = two(Math.floor((seconds % 3600) / 60)) + ":" + two(seconds % 60);
    return hours ? hours + ":" + rest : rest;
  };
  const began = Date.now();
  const now = (element) => (element.dataset.now ? Date.parse(element.dataset.now) + Date.now() - began : Date.now());
  const tick = () => {
    for (const element of document.querySelectorAll("time[data-countdown]")) {
      const seconds = Math.floor((Date.parse(element.dateTime) - now(element)) / 1000);
      if (seconds > 86400) continue;
      if (seconds > 0) element.textContent = (element.dataset.left || "{left}").replace("{left}", shown(seconds));
      else if (element.dataset.over) {
        element.textContent = element.dataset.over;
        delete element.dataset.countdown;
        if ("reload" in element.dataset) setTimeout(() => location.reload(), 500 + Math.random() * 2500);
      }
    }
  };
  tick();
  setInterval(tick, 1000);
})();
