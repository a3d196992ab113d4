### Die Tür: anmelden, Passkey eintragen.

login-title = Anmelden
login-lead = Sie kommen mit dem Passkey herein, den Sie hier eingetragen haben. Es gibt keine Passwörter, und per E-Mail kommt niemand herein.
login-button = Passkey verwenden
login-no-key = Noch kein Passkey?
login-no-key-text = Die Stelle oder die Aufsicht Ihrer Behörde gibt Ihnen einen einmaligen Link, nach einem Anruf unter der eigenen Nummer Ihrer Behörde.
passkey-needs-script = Passkeys brauchen JavaScript. Alle anderen Seiten gehen auch ohne.
passkey-trouble = Der Browser gab keinen Passkey. Versuchen Sie es erneut; fragt er nichts, hat dieser Browser keinen Passkey für diese Seite.
empty-title = Hier ist noch nichts für Sie zu tun
empty-text = Ihre Aufgaben öffnen keinen Raum dieser Stelle. Fragen Sie die Verwaltung, welche Aufgaben Sie haben sollen.
enrol-title = Passkey eintragen
enrol-first = Sie sind die erste Verwaltungsperson dieser Stelle. Nennen Sie Ihren Namen und tragen Sie einen Passkey ein; der Link, der Sie herführte, gilt einmal.
enrol-lead = Dieser einmalige Link ist für { $name }. Sind Sie das nicht, schließen Sie die Seite und sagen Sie es dem Absender.
enrol-name = Ihr Name
enrol-name-hint = Wie er im Protokoll und in Verwahrlisten stehen soll
enrol-name-missing = Nennen Sie Ihren Namen, höchstens 100 Zeichen
enrol-what = Ihr Gerät fragt nach Finger, Gesicht oder PIN. Der Schlüssel bleibt in Ihrem Gerät; die Stelle erfährt nur die öffentliche Hälfte.
enrol-button = Dieses Gerät eintragen
wait-title = Lesen Sie jetzt der Stelle diesen Code vor
wait-lead = Ihr Passkey ist eingetragen. Die Stelle vergleicht diesen Code mit ihrem Bildschirm und lässt Sie dann herein.
wait-code = Code Ihres Passkeys
wait-text = Lesen Sie ihn der Person vor, die Ihre Behörde angerufen hat. Nie jemandem, der Sie anruft.
