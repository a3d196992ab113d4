### The door: log in, enrol.

login-title = Log in
login-lead = You come in with the passkey that you enrolled here. There are no passwords, and nobody is let in by e-mail.
login-button = Use your passkey
login-no-key = No passkey yet?
login-no-key-text = The desk, or your agency’s supervisor, gives you a one-time link after a call to your agency’s own number.
passkey-needs-script = Passkeys need JavaScript. Every other page of this desk works without it.
passkey-trouble = The browser gave no passkey. Try again; if it asks nothing, this browser has no passkey for this site.
empty-title = Nothing for you to do here yet
empty-text = Your roles open no room of this desk. Ask an administrator which roles you should have.
enrol-title = Enrol a passkey
enrol-first = You are the first administrator of this desk. Give your name and enrol a passkey; the link that brought you here works once.
enrol-lead = This one-time link is for { $name }. If that is not you, close this page and tell whoever sent it.
enrol-name = Your name
enrol-name-hint = As it shall stand in the log and in custody lists
enrol-name-missing = Give your name, at most 100 characters
enrol-what = Your device will ask for your finger, face or PIN. The key stays in your device; the desk learns only its public half.
enrol-button = Enrol this device
wait-title = Now read this code to the desk
wait-lead = Your passkey is enrolled. The desk compares this code with its own screen and then lets you in.
wait-code = Code of your passkey
wait-text = Read it to the person who called your agency’s number. Never read it to somebody who calls you.
