### Das Portal der Beamtinnen und Beamten.

nav-portal = Ersuchen
portal-title = Ersuchen Ihrer Behörde
portal-new = Neues Ersuchen
portal-officers = Personen Ihrer Behörde
portal-empty = Noch nichts. Diese Seite zeigt die Ersuchen Ihrer Behörde, den Stand jedes einzelnen und die nächste Frist.
portal-next = Nächste Frist
portal-new-lead = Eine Seite. Sie sehen, ob es angenommen wird, bevor etwas gesendet ist, und unterschreiben am Ende mit Ihrem Passkey.
portal-files-kept = Dateien dieses Entwurfs
portal-file-drop = { $name } herausnehmen
portal-file-bytes =
    { $count ->
        [one] ein Byte
       *[other] { $count } Byte
    }
portal-practice = Übung
portal-practice-hint = nur aus erfundenen Daten beantwortet, überall so bezeichnet, vor Gericht nichts wert
portal-review = Prüfen und unterschreiben
portal-review-hint = Nichts wird gesendet, bevor Sie unterschreiben.
portal-proven = Der Absender ist nachgewiesen
portal-receipt = Beleg aus dem Protokoll
portal-again = Berichtigen und neu senden
portal-correct = Die Stelle fragt Sie
portal-correct-text = Ihre Antwort
portal-correct-selectors = Berichtigte Adressen, Transaktionen, Konten und andere Merkmale, nur wenn sie sich ändern
portal-correct-files = Weitere Dateien
portal-why = Warum
portal-act-extend = Aufzeichnungen länger bewahren
portal-act-withdraw = Zurücknehmen
portal-act-confirm-deletion = Erhaltenes ist gelöscht
portal-packages = Pakete
portal-packages-empty = Noch nichts übergeben. Verschlüsselte Pakete liegen dann hier zum Herunterladen.
portal-packages-text = Verschlüsselt für das Zertifikat Ihrer Behörde. Entschlüsseln Sie es mit deren Schlüssel und prüfen Sie es mit „comity evidence verify“, ohne uns.
portal-package = Nummer
portal-package-digest = SHA-256 der verschlüsselten Datei
portal-arrived = Angekommen
portal-acknowledge = Es ist angekommen
portal-acknowledged = bestätigt
portal-message-hint = Die Stelle liest es, vielleicht auch ein Gericht. Es ist nicht unterschrieben
answer-title = Wird es angenommen?
answer-ask = Jetzt prüfen
answer-yes = So wie es dasteht, würde es angenommen.
answer-no = So sagen die Regeln nein. Jedes Nein nennt seinen Artikel und was zu ändern ist.
answer-ask-yes = ja
answer-ask-no = nein
answer-none = Füllen Sie das Formular aus; hier steht die Antwort mit Artikeln und Fristen, bevor etwas gesendet ist.
sign-file = Ersuchen prüfen und unterschreiben
sign-correct = Antwort prüfen und unterschreiben
sign-withdraw = Zurücknehmen: prüfen und unterschreiben
sign-extend = Länger bewahren: prüfen und unterschreiben
sign-lead = Ihr Passkey unterschreibt genau, was diese Seite zeigt. Er beweist, dass Sie diese Bytes gebilligt haben.
sign-what = Was Sie senden
sign-about = Betrifft
sign-text = Ihre Worte
sign-bytes = Die Bytes, die unterschrieben werden
sign-bytes-text = Jeder kann später ohne uns prüfen, dass Ihr Passkey genau diesen Text gebilligt hat.
sign-challenge = Digest, den Ihr Passkey unterschreibt:
sign-button = Unterschreiben und senden
sign-edit = Ändern
sign-until = Unterschreiben Sie vor
