// Keeps the door's page and what it needs, so that a reload without network still shows it. What is asked of the server is never
// answered from here: only the page knows how to judge without network.
"use strict";
const SHELF = "door";
const isOurs = (address) => address.pathname === "/door/" || address.pathname === "/door/door.js" || address.pathname.startsWith("/static/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin || !isOurs(address)) return;
  const answered = async () => {
    const shelf = await caches.open(SHELF);
    try {
      const answer = await fetch(event.request);
      if (answer.ok) await shelf.put(event.request, answer.clone());
      return answer;
    } catch (error) {
      const known = await shelf.match(event.request, { ignoreSearch: address.pathname === "/door/" });
      if (known) return known;
      throw error;
    }
  };
  event.respondWith(answered());
});
