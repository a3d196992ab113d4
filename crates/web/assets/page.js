// Small comforts: times in the reader's zone, the summary of mistakes in focus. Pages work without.
"use strict";
(() => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const localise = (part) => {
    for (const time of part.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
    }
  };
  localise(document);
  // "Will this be accepted?" is asked again whenever a field of the form has changed.
  const form = document.querySelector("form[data-live]");
  const answer = document.getElementById("answer");
  if (form && answer) {
    // The form says how often it was sent, so that what arrives late does not replace what is newer.
    const turns = form.elements.namedItem("turn");
    let asked = Number(turns?.value ?? 0);
    form.addEventListener("change", async () => {
      const turn = (asked += 1);
      if (turns) turns.value = String(turn);
      const fields = new URLSearchParams();
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string") fields.append(name, value);
        else if (name === "files" && value.name) fields.append("chosen[]", value.name);
      }
      if (turns) turns.value = String(turn + 1);
      const said = await fetch(form.dataset.live, { method: "POST", body: fields });
      if (!said.ok || turn !== asked) return;
      const page = new DOMParser().parseFromString(await said.text(), "text/html");
      localise(page);
      answer.replaceChildren(...page.body.childNodes);
    });
  }
  const mistakes = document.getElementById("mistakes");
  if (mistakes) mistakes.focus();
})();
