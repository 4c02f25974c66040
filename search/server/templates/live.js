// Follows what changes without loading the page again, loads parts that are opened, and copies code.
"use strict";
(() => {
  const replace = (place, html) => {
    place.innerHTML = html;
    place.dispatchEvent(new CustomEvent("lionhunt:replaced", { bubbles: true }));
  };

  const live = document.querySelector("[data-live]");
  const told = document.getElementById("told");
  const INTERVAL = 2000;
  let version = live && live.dataset.version;
  const update = async () => {
    const answer = await fetch(`${live.dataset.live}?after=${encodeURIComponent(version)}`);
    if (answer.status === 204) return false;
    if (!answer.ok) throw new Error(`the server answers with ${answer.status}`);
    const found = await answer.json();
    version = found.version;
    for (const [id, html] of Object.entries(found.parts)) {
      const place = document.getElementById(`part-${id}`);
      // What somebody reads with the keyboard stays until they leave it.
      if (!place.contains(document.activeElement) || found.is_last) replace(place, html);
    }
    if (Object.keys(found.charts).length)
      document.dispatchEvent(new CustomEvent("lionhunt:charts", { detail: found.charts }));
    return found.is_last;
  };
  const follow = async () => {
    let isLast = false;
    try {
      if (!document.hidden) isLast = await update();
      told.textContent = "";
    } catch (error) {
      told.textContent = `not up to date: ${error.message}`;
    }
    if (!isLast) setTimeout(follow, INTERVAL);
  };
  if (live && live.dataset.last !== "true") setTimeout(follow, version ? INTERVAL : 300);

  for (const details of document.querySelectorAll("details[data-load]")) {
    details.addEventListener("toggle", async () => {
      const place = details.querySelector(".loaded");
      if (!details.open || details.dataset.loaded) return;
      details.dataset.loaded = "true";
      try {
        const answer = await fetch(details.dataset.load);
        replace(place, await answer.text());
      } catch (error) {
        place.textContent = `not loaded: ${error.message}`;
      }
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const code = button.parentElement.nextElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      // A browser lets a page copy only if it comes from this machine, or encrypted.
      getSelection().selectAllChildren(code);
      button.textContent = "selected: copy it with the keyboard";
    }
  });
  document.documentElement.dataset.live = "ready";
})();
