### Was um jede Seite steht, und die Störungen, die jede Seite haben kann.

skip = Zum Inhalt springen
nav = Räume
nav-people = Belegschaft
nav-agencies = Behörden
log-out = Abmelden
fiction = Erfunden:
footer = Jede Handlung auf diesen Seiten ist ein Eintrag in einem öffentlichen, manipulationssicheren Protokoll.
mistakes = Etwas ist zu berichtigen
what-to-do = Was zu tun ist:
to-the-start = Zum Anfang
back = Zurück
name = Name
email = E-Mail
email-hint = Dorthin geht immer nur „Sehen Sie im Portal nach“
state = Stand
roles = Aufgaben
country = Land
post = Amt und Dienstgrad
passkey = Passkey
prove-hint = Fragt nach Ihrem Passkey

problem-hidden = Hier ist nichts für Sie
problem-hidden-next = Entweder gibt es die Seite nicht, oder sie ist nicht für die Person, als die Sie angemeldet sind.
problem-refused = Die Stelle lehnt ab
problem-refused-next = Es wurde nichts geändert.
problem-input = Etwas im Formular stimmt nicht
problem-input-next = Es wurde nichts geändert. Gehen Sie zurück, berichtigen Sie es und senden Sie es erneut.
problem-too-large = Das ist zu groß
problem-too-large-next = Es wurde nichts gespeichert. Senden Sie kleinere Dateien oder weniger auf einmal.
problem-busy = Jemand anderes hat im selben Augenblick gehandelt
problem-busy-next = Es wurde nichts geändert. Laden Sie die Seite neu, sehen Sie nach, was sich geändert hat, und entscheiden Sie neu.
problem-unavailable = Die Stelle nimmt im Augenblick keine Handlungen an
problem-unavailable-next = Es wurde nichts geändert. Versuchen Sie es in einer Minute erneut; bleibt es so, sagen Sie es dem Betreiber.
problem-internal = Ein Fehler dieses Servers
problem-internal-next = Er steht im Protokoll des Servers. Es wurde nichts geändert, es sei denn, die neu geladene Seite zeigt es.
problem-door = Melden Sie sich zuerst an
problem-door-next = Danach kommen Sie zu der Seite zurück.
problem-foreign-form = Dieses Formular ist zu alt oder kam von einer anderen Seite
problem-foreign-form-next = Es wurde nichts geändert. Laden Sie die Seite neu und senden Sie das Formular von dort.
problem-too-often = Zu oft in kurzer Zeit
problem-too-often-next = Es wurde nichts geändert.
problem-wait =
    { $seconds ->
        [one] Versuchen Sie es in einer Sekunde wieder.
       *[other] Versuchen Sie es in { $seconds } Sekunden wieder.
    }
problem-passkey = Der Passkey wurde nicht angenommen
problem-passkey-next = Es wurde nichts geändert. Nehmen Sie den Passkey, den Sie hier eingetragen haben; gelingt es auch damit nicht, ist Ihr Zugang womöglich beendet: Rufen Sie die Stelle an.

role-verifier = Prüfung
role-counsel = Recht
role-analyst = Auswertung
role-approver = Freigabe
role-on-call = Bereitschaft
role-intake = Posteingang
role-auditor = Revision
role-administrator = Verwaltung
role-what-verifier = stellt fest, wer eine Anfrage gesandt hat, lässt Beamte zu
role-what-counsel = beurteilt Anfragen rechtlich
role-what-analyst = sucht und stellt die Antwort zusammen
role-what-approver = gibt frei, was hinausgeht, nie die eigene Arbeit
role-what-on-call = darf in Notfällen all das, auch dann zu zweit
role-what-intake = nimmt auf, was mit der Post kam
role-what-auditor = liest alles, handelt nie
role-what-administrator = betreibt die Stelle, liest keinen Fall
