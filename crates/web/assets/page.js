// Small comforts: times in the reader's zone, the summary of mistakes in focus. Pages work without.
"use strict";
(() => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
  }
  const mistakes = document.getElementById("mistakes");
  if (mistakes) mistakes.focus();
})();
