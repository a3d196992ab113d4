// Asks the browser for a passkey when a form wants one, and sends the form with its answer.
// Forms say `data-passkey="get"` or `"create"` and where the challenge comes from.
"use strict";
(() => {
  const trouble = () => {
    for (const note of document.querySelectorAll(".passkey-trouble")) {
      note.hidden = false;
      note.scrollIntoView({ block: "nearest" });
    }
  };
  const ask = async (form, button) => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
    fields.delete("passkey");
    const answer = await fetch(form.dataset.options, { method: "POST", body: fields });
    if (!answer.ok) throw new Error(`challenge: ${answer.status}`);
    const { ceremony, options } = await answer.json();
    const wanted = options.publicKey;
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(wanted),
        });
    form.elements.passkey.value = JSON.stringify({ ceremony, credential: credential.toJSON() });
    if (button && button.name) {
      const chosen = document.createElement("input");
      Object.assign(chosen, { type: "hidden", name: button.name, value: button.value });
      form.append(chosen);
    }
    form.dataset.proven = "yes";
    HTMLFormElement.prototype.submit.call(form);
    // The answer may be a file, and the page stays: next time a new proof is asked for.
    form.elements.passkey.value = "";
    delete form.dataset.proven;
    form.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.passkey || form.dataset.proven) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    ask(form, event.submitter).catch((error) => {
      console.info(`passkey: ${error.name}`);
      form.removeAttribute("aria-busy");
      trouble();
    });
  });
})();
