### Die Stelle der Belegschaft.

nav-queue = Eingang
nav-search = Suche
queue-who = Wer daran arbeitet
queue-me = ich
queue-nobody = noch niemand
queue-choose = Auswahl
queue-choose-one = { $request } auswählen
queue-give-to = Ausgewählte zuweisen an
queue-give = Zuweisen
views = Meine Ansichten
view-name = Name dieser Ansicht
view-hint = Was der Eingang jetzt zeigt, lässt sich unter einem eigenen Namen behalten.
view-save = Ansicht behalten
view-remove = „{ $name }“ wegnehmen
find-title = Suche
find-words = Wörter
find-hint = Namen, Aktenzeichen, Kennungen, Prüfsummen von Dateien oder Wörter aus Nachrichten. Alle Wörter müssen in einem Ersuchen stehen; „Wörter in Anführungszeichen“ müssen aufeinander folgen. Ein * nach mindestens fünf Zeichen steht für den Rest eines Wortes.
find = Suchen
find-found = Gefunden
find-nothing = Kein Ersuchen hat alle diese Wörter. Versuchen Sie weniger Wörter oder die Kennung genau so, wie sie gesendet wurde.
find-none-yet = Keines der neuesten Ersuchen mit diesen Wörtern hat sie in dieser Reihenfolge. Es gibt ältere: Gehen Sie zur nächsten Seite.
find-empty = Diese Seite zeigt die Anfragen, in deren Eingaben oder Nachrichten die Wörter stehen, die neueste zuoberst. Jede Suche wird in der Leseaufsicht vermerkt, ohne die Wörter.
find-at = Zuletzt geschrieben
find-order = Zuoberst
find-newest = Das neueste
find-relevance = Was es am meisten sagt
find-ranked = Von den neuesten { $count } Ersuchen mit den Wörtern sagen die obersten sie am häufigsten in den wenigsten Wörtern.
nav-intake = Post
all = Alle
yes = Ja
no = Nein
why = Warum
when = Wann
what = Was
whom = Durch wen
leaf = Blatt des Protokolls
next-page = Nächste Seite
unchecked = nicht mit dem Gesetzestext verglichen
queue-title = Eingang
queue-open = Offen
queue-urgent = Offene Notfälle
nav-emergencies = Notfälle
queue-closed = Erledigt
queue-agency = Behörde
queue-kind = Was verlangt wird
queue-order = Zuoberst
queue-due = Was zuerst fällig ist
queue-newest = Das Neueste
queue-show = Zeigen
queue-empty = Hier ist nichts. Diese Seite zeigt die Anfragen, die auf die Stelle warten; zuoberst steht, was zuerst versäumt wäre.
queue-whose = Wessen Ersuchen
queue-mine = Meine
queue-of-nobody = Noch niemandes
queue-of-all = Alle
queue-mine-empty = Hier werden die Ersuchen stehen, die Ihnen übergeben sind, die nächste Frist zuoberst. Nehmen Sie eines von denen, die noch niemandes sind.
queue-due-in = Fällig
queue-request = Anfrage
queue-asks = Verlangen
queue-received = Eingegangen
left-over = überfällig
left-minutes = { $count ->
        [one] noch eine Minute
       *[other] noch { $count } Minuten
    }
left-hours = { $count ->
        [one] noch eine Stunde
       *[other] noch { $count } Stunden
    }
left-days = { $count ->
        [one] noch ein Tag
       *[other] noch { $count } Tage
    }
tag-emergency = Notfall
tag-practice = Übung: erfunden
tag-held = Angehalten: ein Schlüssel dieser Behörde ist gesperrt oder verdächtig
case-title = Anfrage { $reference }
case-order = Die Anordnung
case-sender = Wer sie sendet
case-unproven = Noch hat nichts den Absender bewiesen.
case-method = Wie der Absender bewiesen wurde
case-call-note = Notiz des Anrufs
case-call-hint = Nummer aus unserem Verzeichnis, wer antwortete, was gesagt wurde
case-file = Datei der Anordnung
case-files = Dateien
case-ask = Verlangen { $number }
case-reasons = Die Regeln sagen nein, denn:
case-despite = Wissentlich beiseitegelassen
case-exhibits = Beweisstücke
case-exhibit = Stück
case-exhibit-title = Was es enthält
case-rows = Zeilen
case-withheld = Zurückgehalten
case-approve-text = Sie geben genau das Paket mit diesem Digest frei. Ändert sich etwas daran, ist die Freigabe nichts wert.
case-justified = War der Notfall gerechtfertigt?
case-more-acts = Alles andere, was jetzt getan werden kann
case-code = Grund
case-question = Was die Behörde klären soll
case-digest = SHA-256 der Anordnung, 64 hexadezimale Ziffern
case-assemble = Die Antwort zusammenstellen
case-assemble-text = Eine andere Person muss sie freigeben. Auch eine Antwort ohne Fund wird unterschrieben.
case-missing = Nur bei einem Teil: was fehlt
case-statement = Ein Satz für die Behörde
case-messages = Nachrichten in der Akte
case-messages-empty = Noch wurde nichts gesagt. Fragen, Antworten und Nachrichten beider Seiten stehen hier.
case-message = Nachricht
case-message-hint = Die Behörde liest sie, und vielleicht ein Gericht
case-history = Verlauf
outcome = Antwort
outcome-full = alles, was verlangt wurde
outcome-partial = ein Teil
outcome-no-data = nichts gefunden
clock-due = fällig
clock-not-before = nicht vor
clock-running = läuft
clock-paused = steht
clock-stopped = rechtzeitig beendet
clock-breached = versäumt
effect-requested = bei den Systemen verlangt
effect-confirmed = bestätigt
effect-failed = fehlgeschlagen
effect-freeze = Einfrieren
effect-unfreeze = Freigeben
effect-notify-user = Mitteilung an den Nutzer
effect-delete-copy = Löschen der Kopie
preview-title = Was die Suchen finden
preview-lead = Noch steht nichts in der Akte. Kreuzen Sie an, was zurückgehalten werden muss, und sagen Sie warum.
preview-empty = Die Suchen des Katalogs finden in diesem Umfang nichts. Nehmen Sie auch das in die Akte: „Nichts gefunden“ ist eine unterschriebene Antwort.
preview-rows = { $count ->
        [one] eine Zeile
       *[other] { $count } Zeilen
    }
preview-reached = { $count ->
        [one] eine Adresse dieses Unternehmens wurde erreicht
       *[other] { $count } Adressen dieses Unternehmens wurden erreicht
    }
preview-withhold = Zurückhalten
preview-withhold-row = Zeile { $number } zurückhalten
preview-reason = Warum sie zurückgehalten werden
preview-reason-hint = Die Behörde liest es
preview-record = In die Akte nehmen
intake-title = Eine Anordnung aus der Post aufnehmen
intake-lead = Nichts beweist ihren Absender: Vor der rechtlichen Prüfung steht ein festgehaltener Anruf unter einer Nummer unseres Verzeichnisses.
intake-file = Aufnehmen
act-start-identity-check = Absender prüfen
act-verify-identity = Der Absender ist bewiesen
act-accept-legal = Rechtlich annehmen
act-request-information = Die Behörde fragen
act-provide-information = Klärung festhalten
act-hold = Für Behörde oder Gericht anhalten
act-end-hold = Weitergehen lassen
act-clear-by-authority = Unbedenklichkeit festhalten
act-search = Die Aufzeichnungen durchsuchen
act-follow-money = Geld für dieses Verlangen verfolgen
act-freeze = Einfrieren
act-unfreeze = Einfrieren aufheben
act-release = Jetzt beenden
act-link = Anordnung verknüpfen
act-confirm-freeze = Durch Anordnung bestätigen
act-receive-ex-post-order = Nachgereichte Anordnung verknüpfen
act-review-emergency = Prüfung festhalten
act-withdraw = Rücknahme festhalten
act-confirm-deletion = Löschung festhalten
act-close = Ablegen
act-refuse = Ablehnen
act-assemble = Paket zusammenstellen
act-return-package = Zurück zur Auswertung
act-approve = Dieses Paket freigeben
act-post-message = Nachricht senden
said-message = Nachricht
said-question = Frage
said-answer = Antwort
said-refusal = Ablehnung
said-hold = Anhalten
said-identity = Beweis des Absenders
said-return = Paket zurückgegeben
