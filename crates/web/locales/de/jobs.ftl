### Arbeit, die endgültig misslungen ist.

nav-jobs = Misslungenes
jobs-title = Misslungene Arbeit
jobs-lead = Die Stelle arbeitet vieles von selbst ab: Sie siegelt und übergibt Pakete, lässt Konten sperren, sendet E-Mails. Was zu oft misslang, steht hier und wartet auf Sie. Nichts hier sagt, worum es in einer Anfrage geht: Arbeit an einem Fall lässt sich hier erneut versuchen; aufgeben können sie nur, die an Fällen arbeiten.
jobs-lead-cases = Die Stelle arbeitet für Ihre Fälle vieles von selbst ab: Sie kopiert Daten, lässt Konten sperren, siegelt und übergibt Pakete. Was zu oft misslang, steht hier und wartet auf Sie. Eine aufgegebene Maßnahme ist misslungen, und die Anfrage sagt es; worauf eine Anfrage noch wartet, lässt sich nicht aufgeben.
jobs-count =
    { $count ->
        [0] Kein Auftrag ist endgültig misslungen.
        [one] Ein Auftrag ist endgültig misslungen.
       *[other] { $count } Aufträge sind endgültig misslungen.
    }
jobs-waiting =
    { $count ->
        [0] Kein anderer Auftrag wartet.
        [one] Ein anderer Auftrag wartet oder läuft.
       *[other] { $count } andere Aufträge warten oder laufen.
    }
jobs-empty = Nichts wartet auf Sie. Antwortet ein Mailserver, der Endpunkt einer Behörde oder ein eigenes System so lange nicht, dass die Stelle aufgibt, steht die liegen gebliebene Arbeit hier: mit dem, was schiefging, um sie erneut zu versuchen oder aufzugeben.
jobs-number = Nummer
jobs-kind = Was zu tun war
jobs-whose = Für
jobs-failed = Zuletzt misslungen
jobs-attempts =
    { $count ->
        [one] nach einem Versuch
       *[other] nach { $count } Versuchen
    }
jobs-error = Was schiefging
jobs-error-of-case = Es kann etwas über einen Fall sagen: Wer an Fällen arbeitet, sieht es.
jobs-decide = Entscheiden
jobs-retry = Erneut versuchen
jobs-retry-one = Erneut versuchen: Auftrag { $job }
jobs-give-up = Aufgeben
jobs-give-up-one = Aufgeben: Auftrag { $job }
jobs-give-up-for-good = Endgültig aufgeben
jobs-give-up-for-good-one = Endgültig aufgeben: Auftrag { $job }
jobs-next = Nächste Seite
jobs-retried = Es wird von vorn versucht. Misslingt es wieder, steht es wieder hier.
jobs-given-up = Es ist aufgegeben. Im Protokoll steht, dass Sie es entschieden haben.
jobs-waited-for = Es ist nicht aufgegeben: Die Anfrage wartet darauf. Versuchen Sie es erneut, oder handeln Sie zuerst an der Anfrage.
jobs-gone = Diesen Auftrag gibt es hier nicht mehr: Jemand anderes hat entschieden, oder es gab einen neuen Anlass dafür.

job-preserve = Zu sichernde Daten kopieren
job-effect = Eigene Systeme sperren, freigeben oder einen Nutzer benachrichtigen lassen
job-delete-copy = Eine gesicherte Kopie löschen
job-seal = Ein freigegebenes Paket siegeln und protokollieren
job-deliver = Ein Paket verschlüsseln und übergeben
job-push = Ein Paket an den Endpunkt der Behörde senden
job-watch = Den Schlüssel einer Anfrage beobachten, die einen Köder nannte
job-notify = Feststellen, wer von einer Handlung erfährt
job-warn = Vor einem Fristende warnen
job-mail = Jemanden per E-Mail bitten, im Portal nachzusehen
job-webhook = Einer Maschine sagen, was geschah
job-lost-preserve = Nur, wenn das Ersuchen vorbei ist oder seine Kopie hat. Bis dahin ist sie geschuldet: Lehnen Sie das Ersuchen ab, wenn sie nicht gemacht werden soll.
job-lost-effect = Dann ist die Maßnahme misslungen: Für diese Anfrage wird von selbst nichts mehr gesperrt oder freigegeben, und kein Nutzer erfährt davon. An der Anfrage lässt sie sich erneut versuchen.
job-lost-delete-copy = Dann bleibt eine Kopie, die zu löschen ist, und die Anfrage sagt, dass es misslang. Dort lässt es sich erneut versuchen.
job-lost-seal = Nur, wenn kein freigegebenes Paket darauf wartet. Die Freigabe kann ein Paket zurückgeben und neu zusammenstellen lassen.
job-lost-deliver = Nur, wenn kein gesiegeltes Paket darauf wartet.
job-lost-push = Das Paket bleibt, wo die Behörde es abholen kann.
job-kept-preserve = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-effect = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-delete-copy = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-seal = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-deliver = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-push = Aufgeben kann es, wer an Fällen arbeitet.
job-kept-watch = Das lässt sich nicht aufgeben. Die Anfrage selbst ist angehalten, andere Anfragen dieses Schlüssels sind es erst danach.
job-kept-notify = Aufgeben kann es die Administration.
job-kept-warn = Aufgeben kann es die Administration.
job-kept-remind = Aufgeben kann es die Administration.
job-kept-mail = Aufgeben kann es die Administration.
job-kept-webhook = Aufgeben kann es die Administration.
job-lost-notify = Niemand erfährt von dieser Handlung. In der Liste steht sie trotzdem.
job-lost-warn = Niemand erfährt, dass die Zeit knapp wird. Die Liste zeigt es trotzdem.
job-lost-mail = Diese Person wird nicht gebeten nachzusehen. Das nächste Ereignis sendet wieder eine E-Mail.
job-lost-webhook = Die Maschine erfährt nie von diesem Ereignis.
