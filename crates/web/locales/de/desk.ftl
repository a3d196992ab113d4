### Was die Stelle selbst sagt: warum nicht, was stattdessen zu tun ist, Gründe, Hinweise. Die
### Schlüssel sind die Kürzel von `desk::said`; was zu tun ist, steht als `fix` bei einem Satz.

moment = { $day }.{ $month }.{ $year }, { $hour }:{ $minute } UTC
length-hours = { $count ->
        [one] eine Stunde
       *[other] { $count } Stunden
    }
length-days = { $count ->
        [one] ein Tag
       *[other] { $count } Tage
    }
length-working-days = { $count ->
        [one] ein Arbeitstag
       *[other] { $count } Arbeitstage
    }
length-months = { $count ->
        [one] ein Monat
       *[other] { $count } Monate
    }
length-years = { $count ->
        [one] ein Jahr
       *[other] { $count } Jahre
    }
join-or = , oder{ " " }
article-desk-rule = eine Regel dieser Stelle
article-no-source-named = keine Quelle genannt
who-system = die Stelle selbst
exhibit-trace = Geldfluss ab { $transaction }

what-plain = { $doing }
what-for-ask = { $doing }: Verlangen { $ask }
what-ask = { $doing }: Verlangen { $ask }
what-ask-as = { $doing }: Verlangen { $ask } als „{ $outcome }“
what-ask-under = { $doing }: Verlangen { $ask } nach { $pack }
what-act = { $action }
doing-file-the-request = Anfrage aufnehmen
doing-start-the-identity-check = Prüfung des Absenders beginnen
doing-verify-the-identity = Absender beweisen
doing-accept = Rechtlich annehmen
doing-ask-the-authority = Die Behörde fragen
doing-clarify = Klären
doing-hold = Für Behörde oder Gericht anhalten
doing-end-the-hold = Weitergehen lassen
doing-note-the-clearance = Unbedenklichkeit festhalten
doing-refuse = Ablehnen
doing-withdraw = Zurücknehmen
doing-confirm-the-deletion = Löschung bestätigen
doing-mark-the-key = Schlüssel kennzeichnen
doing-clear-the-key = Kennzeichen wegnehmen
doing-assign-it = Zuweisen
doing-erase-the-personal-data = Personenbezogene Daten löschen
doing-keep-the-personal-data-for-another-time = Personenbezogene Daten für andere Zeit aufbewahren
doing-start-the-search = Suche beginnen
doing-add-the-exhibit = Beweisstück hinzufügen
doing-assemble = Paket zusammenstellen
doing-return-the-package = Paket zurückgeben
doing-approve = Paket freigeben
doing-seal = Paket siegeln
doing-deliver = Paket übergeben
doing-acknowledge = Eingang des Pakets bestätigen
doing-close = Ablegen
doing-review-the-emergency = Notfall prüfen
doing-link-the-later-order = Nachgereichte Anordnung verknüpfen
doing-preserve = Aufzeichnungen sichern
doing-extend = Aufzeichnungen länger sichern
doing-link-an-order = Anordnung verknüpfen
doing-release = Maßnahme beenden
doing-freeze = Einfrieren
doing-confirm-the-freeze = Einfrieren bestätigen
doing-unfreeze = Einfrieren aufheben
doing-confirm-the-effect = Ausführung durch die Systeme bestätigen
doing-note-the-failure = Fehlschlag der Systeme festhalten
doing-retry-the-effect = Die Systeme erneut beauftragen
doing-post-a-message = Nachricht senden
doing-counting-a-period = Frist berechnen

no-no-such-request = Diese Anfrage gibt es nicht.
    .fix = Nehmen Sie sie zuerst auf.
no-judged-by-another = Die Anfrage wird nach { $judged } beurteilt, nicht nach { $given }.
    .fix = Der Betreiber der Stelle lädt das Regelwerk in der Fassung, die die Anfrage nennt.
no-permit-for-another = Das Recht gilt für „{ $action }“ oder für eine andere Anfrage.
    .fix = Laden Sie die Seite neu; bleibt es so, sagen Sie es dem Betreiber der Stelle.
no-asks-up-to = { $count ->
        [one] Die Anfrage hat nur ein Verlangen.
       *[other] Die Anfrage hat die Verlangen 1 bis { $count }.
    }
    .fix = Wählen Sie eines davon.
no-other-kind = Es geht um „{ $kind }“; dies gilt nur für: { $meant }.
    .fix = Wählen Sie ein anderes Verlangen.
no-held-for-signs = Anzeichen für Betrug halten die Anfrage an.
    .fix = Rufen Sie unter einer Nummer aus dem Verzeichnis des Unternehmens zurück, und halten Sie den Anruf fest.
no-not-proven = Niemand hat nachgewiesen, wer die Anfrage gesandt hat.
    .fix = Weisen Sie zuerst den Absender nach.
no-in-state = Der Stand ist „{ $stage }“.
    .fix = Nötig ist { $need }.
no-filed-already = Sie ist bereits aufgenommen.
    .fix = Öffnen Sie die vorhandene Anfrage, oder nehmen Sie sie unter einem neuen Namen auf.
no-asks-count = Sie enthält kein Verlangen oder mehr als 64.
    .fix = Senden Sie 1 bis 64 Verlangen in einer Anfrage.
no-proof-does-not-fit = Übermittlungsweg, Nachweis des Absenders und Schlüssel passen nicht zusammen.
    .fix = Über HI-1: durch den Weg nachgewiesen, mit Schlüssel. Über das Portal: unterschrieben, mit Schlüssel. Per Post: ohne Nachweis und ohne Schlüssel.
no-filed-by-somebody-else = Eingereicht hat sie jemand anderes als der Schlüssel, der sie gesandt hat.
    .fix = Eine Behörde reicht mit dem eigenen Schlüssel ein; die Belegschaft nimmt auf, was per Post oder Mail kam.
no-unreadable = { $problem }
    .fix = Berichtigen Sie die Anordnung.
no-check-begun = Der Absender ist nachgewiesen, oder die Prüfung hat begonnen.
    .fix = Fahren Sie mit dieser oder mit der rechtlichen Prüfung fort.
no-proven-already = Der Absender ist bereits nachgewiesen.
    .fix = Fahren Sie mit der rechtlichen Prüfung fort.
no-proof-needs-person = Weder ein Auftrag noch ein Schlüssel kann nachweisen, wer jemand ist.
    .fix = Das tut jemand mit der Aufgabe „Prüfung“.
no-signs-need-call = Es gibt Anzeichen für Betrug, und wer einen Schlüssel gestohlen hat, kann ihn benutzen.
    .fix = Rufen Sie unter einer Nummer aus dem Verzeichnis des Unternehmens zurück, und halten Sie den Anruf fest.
no-method-not-used = Die Anfrage kam so: „{ $channel }“, „{ $proof }“; „{ $method }“ wurde nicht benutzt.
    .fix = Rufen Sie unter einer Nummer aus dem Verzeichnis des Unternehmens zurück, und halten Sie den Anruf fest.
no-not-accepted = { $reasons }
    .fix = Lehnen Sie ab, fragen Sie die Behörde, oder lassen Sie das Recht annehmen; dabei ist jeder Grund zu nennen, der beiseitegelassen wird.
no-no-reason-named = Kein Grund ist genannt.
    .fix = Wählen Sie, was fehlt.
no-correction-too-wide = Die Berichtigung ändert andere Verlangen, Art oder Notfall dieses Verlangens, das Land oder den Übermittlungsweg.
    .fix = Senden Sie für das Neue eine neue Anfrage.
no-no-authority-clock = Keine Frist einer Vollstreckungsbehörde läuft.
    .fix = Sie müssen auf nichts warten; fahren Sie fort.
no-marked-already = Der Schlüssel ist bereits gekennzeichnet.
    .fix = Es ist nichts mehr zu tun.
no-not-marked = Der Schlüssel ist in dieser Anfrage nicht gekennzeichnet.
    .fix = Es ist nichts mehr zu tun.
no-works-on-it-already = Dieselbe Person arbeitet bereits daran.
    .fix = Es ist nichts mehr zu tun.
no-erased-already = Sie ist bereits gelöscht.
    .fix = Es ist nichts mehr zu tun.
no-kept-until = Das Regelwerk bewahrt sie bis { $due } auf.
    .fix = Warten Sie bis dahin.
no-effect-unanswered = Die Systeme des Unternehmens haben auf eine Maßnahme noch nicht geantwortet.
    .fix = Lassen Sie das zuerst erledigen.
no-release-failed = Die Aufhebung eines Einfrierens ist gescheitert.
    .fix = Lassen Sie das zuerst erledigen.
no-notice-waits = Eine Benachrichtigung eines Nutzers steht noch aus.
    .fix = Lassen Sie das zuerst erledigen.
no-kept-so-already = Sie werden bereits so lange aufbewahrt.
    .fix = Es bleibt nichts zu tun.
no-history-too-long = Die Anfrage hat { $count } Ereignisse, und ab { $most } geschieht das nicht mehr.
    .fix = Beenden Sie ihre Verlangen und lassen Sie für das Übrige eine neue Anfrage stellen.
no-ask-open = Ein Verlangen der Anfrage ist noch offen.
    .fix = Legen Sie zuerst jedes Verlangen ab.
no-exhibit-number = Die Nummer { $exhibit } des Beweisstücks ist vergeben, null oder eine zu viel.
    .fix = Nehmen Sie die nächste freie Nummer.
no-not-in-scope = „{ $category }“ gehört nicht zum Umfang von Verlangen { $ask }.
    .fix = Lassen Sie diese Daten weg; die Behörde hat sie nicht verlangt.
no-digest-taken = Ein anderes Paket dieser Anfrage hat diese Prüfsumme.
    .fix = Stellen Sie das Paket neu zusammen.
no-exhibits-say-otherwise = Die Beweisstücke sagen etwas anderes.
    .fix = { $problem }
no-approval-needs-person = Nur ein Mensch gibt frei.
    .fix = Das tut jemand mit der Aufgabe „Freigabe“.
no-took-part = Wer die Anfrage aufgenommen, den Absender nachgewiesen, gesucht oder zusammengestellt hat, kann nicht freigeben.
    .fix = Lassen Sie eine andere Person freigeben.
no-authority-may-object = Eine Vollstreckungsbehörde kann noch bis { $until } Einwände erheben.
    .fix = Warten Sie bis dahin, oder halten Sie fest, dass die Behörde keine Bedenken hat.
no-not-the-package-delivered = Die Prüfsumme ist nicht die des übergebenen Pakets.
    .fix = Holen Sie das Paket erneut ab, und vergleichen Sie seinen SHA-256.
no-emergency-not-looked-at = Eine Notfallantwort wird erst nach rechtlicher Prüfung und nach Prüfung durch eine dritte Person abgelegt.
    .fix = Lassen Sie beides vornehmen.
no-reviewed-already = Der Notfall ist bereits geprüft.
    .fix = Es ist nichts mehr zu tun.
no-let-it-out = Wer die Antwort hinausgelassen hat, kann sie nicht prüfen.
    .fix = Lassen Sie eine dritte Person prüfen.
no-not-the-package-of-ask = Die Prüfsumme ist nicht die des Pakets, das auf dieses Verlangen antwortet.
    .fix = Sehen Sie das zusammengestellte Paket an, und geben Sie dieses frei.
no-package-answers-more = Das Paket antwortet auch auf Verlangen { $ask }, Stand „{ $stage }“.
    .fix = Wählen Sie alle Verlangen des Pakets; ist eines beendet oder angehalten, geben Sie das Paket zurück und stellen Sie es neu zusammen.
no-asks-not-distinct = Kein Verlangen ist gewählt, oder eines ist zweimal gewählt.
    .fix = Wählen Sie jedes Verlangen einmal.
no-time-unreadable = { $problem }
    .fix = Berichtigen Sie Zeitzone oder Datum.
no-no-preservation-here = { $pack } kennt keine Sicherung.
    .fix = Lehnen Sie das Verlangen ab.
no-exhibit-number-taken = Die Nummer { $exhibit } des Beweisstücks ist vergeben oder null.
    .fix = Nehmen Sie die nächste freie Nummer.
no-preservation-over = Die Zeit der Sicherung ist abgelaufen.
    .fix = Lehnen Sie das Verlangen ab.
no-extended-enough = { $times ->
        [one] Die Sicherung wurde einmal verlängert; mehr erlaubt { $article } nicht.
       *[other] Die Sicherung wurde { $times }-mal verlängert; mehr erlaubt { $article } nicht.
    }
    .fix = Verknüpfen Sie eine Anordnung für die Aufzeichnungen.
no-freeze-not-narrow = Ein Einfrieren ist eng: ein Vermögenswert, ein Betrag, eine Zeit; und das Regelwerk muss das Einfrieren kennen.
    .fix = Fragen Sie die Behörde nach Vermögenswert und Betrag.
no-freeze-over = Die Zeit des Einfrierens ist abgelaufen.
    .fix = Bitten Sie um eine Anordnung mit späterem Ende.
no-order-over = Die Anordnung ist bereits abgelaufen.
    .fix = Bitten Sie um eine Anordnung mit späterem Ende.
no-confirmed-already = Es ist bereits bestätigt.
    .fix = Es ist nichts mehr zu tun.
no-effects-too-many = Die Systeme des Unternehmens wurden für dieses Verlangen { $most }-mal beauftragt.
    .fix = Sehen Sie selbst im System des Unternehmens nach; es widerspricht sich.
no-no-open-attempt = Kein Versuch ist offen.
    .fix = Versuchen Sie es erneut, falls es vorher fehlschlug.
no-not-failed = Es ist nicht fehlgeschlagen, oder zu oft.
    .fix = Warten Sie auf die Antwort, oder sehen Sie selbst im System des Unternehmens nach.
no-no-such-effect = Damit wurden die Systeme des Unternehmens nicht beauftragt.
    .fix = Laden Sie die Seite neu, und wählen Sie, was sie zeigt.

need-acceptance = die rechtliche Annahme
need-acceptance-or-on-call = die rechtliche Annahme oder jemand in Bereitschaft
need-search-begun = eine begonnene Suche
need-package-not-sealed = ein noch nicht gesiegeltes Paket
need-state = der Stand „{ $stage }“
need-package-sealed = ein gesiegeltes Paket
need-package-delivered = ein übergebenes Paket
need-emergency-answer = eine übergebene Notfallantwort
need-emergency = ein Notfall
need-legal-review = die rechtliche Prüfung nach dem Nachweis des Absenders
need-not-yet-sealed = ein Verlangen, das weder gesiegelt noch wirksam ist noch wartet
need-question = eine Frage des Unternehmens
need-not-handed-over = ein Verlangen, das weder übergeben noch wirksam noch angehalten ist
need-hold = ein angehaltenes Verlangen
need-not-sealed-or-fraud = ein noch nicht gesiegeltes Verlangen, bei Betrugsverdacht ein noch nicht übergebenes
need-not-over = ein Verlangen, das nicht beendet ist
need-withdrawn-after-delivery = ein Verlangen, das nach der Übergabe zurückgenommen wurde
need-not-preserved = ein Verlangen, das weder gesichert noch beendet ist noch wartet
need-kept-copy = gesicherte Aufzeichnungen
need-kept-copy-freeze-or-ban = eine Sicherung, ein Einfrieren oder eine Schweigeanordnung
need-sender-proven = der Nachweis des Absenders
need-freeze-in-effect = ein wirksames Einfrieren
need-freeze-with-facts = ein Einfrieren mit Vermögenswert, Betrag und Ende
need-freeze-wanted = ein Einfrieren, das noch gewollt ist
contradiction-nothing-searched = Es wurde nicht gesucht; fügen Sie ein Beweisstück hinzu, notfalls ein leeres.
contradiction-something-missing = Etwas fehlt oder ist zurückgehalten; nennen Sie die Antwort einen Teil, und sagen Sie warum.
contradiction-category-not-searched = Eine verlangte Kategorie wurde nicht durchsucht; durchsuchen Sie sie, oder nennen Sie die Antwort einen Teil.
contradiction-no-rows = Es gibt keine Zeilen; sagen Sie, dass nichts gefunden wurde.
contradiction-say-what-is-missing = Sagen Sie, was fehlt und warum.
contradiction-rows = Es gibt Zeilen; nennen Sie die Antwort alles oder einen Teil.
contradiction-negative-not-whole = Eine verlangte Kategorie wurde nicht durchsucht; nur eine vollständige Suche zeigt, dass nichts da ist.
clause-against = { $code } ({ $article }): { $fix }
clause-set-aside-for-nothing = „{ $code }“ wird beiseitegelassen, obwohl nichts davon spricht

aim-data = „{ $category }“
aim-ask = „{ $kind }“
way-sentence = { $months ->
        [one] eine Straftat mit einer Höchststrafe von mindestens einem Monat
       *[other] eine Straftat mit einer Höchststrafe von mindestens { $months } Monaten
    }
way-listed = eine Straftat der Liste ({ $listed }; diese nur, wenn sie mittels eines Informationssystems begangen wurde: { $by })
way-executed = { $months ->
        [one] die Vollstreckung einer Strafe von mindestens einem Monat
       *[other] die Vollstreckung einer Strafe von mindestens { $months } Monaten
    }
way-executed-for-these = { $months ->
        [one] die Vollstreckung einer Strafe von mindestens einem Monat wegen einer von diesen
       *[other] die Vollstreckung einer Strafe von mindestens { $months } Monaten wegen einer von diesen
    }
fix-freeze-unknown = Verlangen { $ask } dieser Anfrage ist kein Einfrieren; nennen Sie das Einfrieren
fix-addresses-alone = { $count ->
    [one] Eine IPv4-Adresse ohne Port und Zeitpunkt
   *[other] { $count } IPv4-Adressen ohne Port und Zeitpunkt
 }: hinter Carrier-Grade-NAT teilen sich viele Menschen zum selben Zeitpunkt eine Adresse (RFC 6302); nennen Sie Adresse, Port und Zeitpunkt (ip_port), oder lassen Sie es von der Rechtsabteilung für die Adresse eines einzelnen Anschlusses zulassen
fix-only-in-emergency = „{ $instrument }“ gilt nur, wo ein Notfall geltend gemacht wird; senden Sie eine Anordnung, oder sagen Sie, worin der Notfall besteht
fix-cannot-ask = „{ $instrument }“ kann nicht „{ $kind }“ verlangen; senden Sie eines von diesen: { $others }
fix-nothing-can-ask = „{ $instrument }“ kann nicht „{ $kind }“ verlangen, und kein Schriftstück nach { $pack } kann es; nehmen Sie ein anderes Regelwerk
fix-does-not-reach = „{ $instrument }“ reicht nicht für { $aim }; diese reichen: { $others }
fix-nothing-reaches = „{ $instrument }“ reicht nicht für { $aim }, und kein Schriftstück dieses Regelwerks reicht
fix-rank-missing = Nennen Sie den Dienstgrad; für { $aim } ist { $least } oder höher nötig
fix-rank-too-low = Für { $aim } ist der Dienstgrad { $least } oder höher nötig; lassen Sie jemanden mit diesem Grad unterschreiben
fix-issuer-may-not = { $aim }: „{ $issuer }“ darf das nicht anordnen; erlassen darf es: { $direct }
fix-validator-may-not = { $aim }: „{ $validator }“ darf das nicht validieren; validieren darf es: { $validators }
fix-validation-missing = { $aim }: „{ $issuer }“ braucht eine Validierung; validieren darf es: { $validators }
fix-validation-missing-here = { $aim }: „{ $issuer }“ braucht eine Validierung, die dieser Notfall nicht entbehrlich macht; validieren darf es: { $validators }
fix-offence-needs = { $categories }: Nötig ist { $ways }; oder lassen Sie diese Daten weg
fix-no-emergency-here = „{ $kind }“ ist hier kein Notfall, nur: { $kinds }; senden Sie die Anfrage, ohne einen Notfall geltend zu machen
fix-service-not-covered = Der Dienst „{ $service }“ ist nicht erfasst; nehmen Sie ein anderes Regelwerk
fix-channel-not-accepted = „{ $channel }“ wird nicht angenommen; senden Sie es so: { $accepted }
fix-format-not-accepted = Das Format { $format } wird nicht angenommen; senden Sie: { $accepted }
fix-post-is-not-signed = Post und Mail tragen keine Unterschrift mit Passkey; nehmen Sie die Anfrage als nicht nachgewiesen auf
fix-dated-in-future = Das Datum { $date } liegt in der Zukunft; berichtigen Sie es
fix-was-valid-until = Gültig war es bis { $until }; lassen Sie es neu erlassen
fix-categories-missing = Nennen Sie die Kategorien von Daten
fix-selector-missing = Nennen Sie mindestens eine Kennung
fix-selectors-too-many = Es sind { $count } Kennungen; ein Verlangen hat höchstens { $most }: Teilen Sie es auf
fix-range-missing = Nennen Sie den Zeitraum für: { $categories }
fix-range-backwards = Der Zeitraum endet vor seinem Beginn
fix-range-in-future = Der Zeitraum liegt in der Zukunft; nur gespeicherte Daten können verlangt werden
fix-range-too-long = { $most ->
        [one] Der Zeitraum ist länger als ein Tag; verkürzen Sie ihn
       *[other] Der Zeitraum ist länger als { $most } Tage; verkürzen Sie ihn
    }
fix-freeze-not-narrow = Ein Einfrieren nennt einen Vermögenswert und einen Betrag über null; nennen Sie beides
fix-no-freeze-here = { $pack } sieht kein Einfrieren vor; nehmen Sie ein anderes Regelwerk
fix-freeze-over = Die Zeit des Einfrierens ist bereits abgelaufen
fix-ban-needs-end = Die Schweigeanordnung muss sagen, wann sie endet; nennen Sie ein Datum
fix-ban-over = Die Schweigeanordnung ist bereits abgelaufen
fix-ban-too-long = Die Schweigeanordnung dauert länger, als erlaubt ist ({ $length }); nennen Sie ein früheres Ende
fix-zone-unknown = „{ $zone }“ ist keine Zeitzone; nennen Sie eine wie Europe/Brussels
fix-beyond-dates = Die Frist ({ $length } ab { $start }) endet nach dem Jahr 9999; nennen Sie einen früheren Beginn
note-service-doubtful = Es ist zweifelhaft, ob das Regelwerk den Dienst „{ $service }“ erfasst; das entscheidet das Recht.
note-voluntary = Dieses Schriftstück bittet und verpflichtet nicht: Eine Antwort ist freiwillig.
note-call-back-first = Es kam per Post oder Mail: Vor der rechtlichen Prüfung steht ein festgehaltener Anruf unter einer Nummer aus dem Verzeichnis des Unternehmens.
note-no-time-set = Das Regelwerk setzt keine Frist, und die Anordnung nennt keine: Für die Antwort läuft keine Frist; nennen Sie eine.
note-how-days-are-counted = Wie Tage gezählt werden.

line-no-kind = Die erste von zwei Spalten ist keine Art von Kennung; schreiben Sie account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi oder mac, dann den Wert
line-columns = { $count ->
        [one] Die Zeile hat eine Spalte; schreiben Sie den Wert allein oder Art und Wert
       *[other] Die Zeile hat { $count } Spalten; schreiben Sie den Wert allein oder Art und Wert
    }
line-unclear = Es ist nicht zu erkennen, was es ist; schreiben Sie die Art davor: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi oder mac, dann ein Komma
line-selector = { $why }; berichtigen Sie es, oder nennen Sie die Art, falls es etwas anderes ist als „{ $kind }“
selector-error-empty = Dort steht nichts
selector-error-long = Es ist { $bytes } Bytes lang, länger als jede Kennung
selector-error-control = Es enthält das Steuerzeichen { $code }
selector-error-ip = keine IP-Adresse, nach der gefragt werden kann: { $why }
selector-error-address = Keine Adresse: { $why }
selector-error-txid = Keine Transaktionskennung: { $why }
selector-error-email = Keine E-Mail-Adresse: { $why }
selector-error-phone = Keine Telefonnummer mit Ländervorwahl: { $why }
selector-error-iban = Keine IBAN: { $why }
selector-error-ip-port = keine IP-Adresse mit Port und Zeitpunkt: { $why }
selector-error-domain = keine Domain: { $why }
selector-error-device = keine Gerätekennung: { $why }
selector-error-imei = keine IMEI: { $why }
selector-error-imsi = keine IMSI: { $why }
selector-error-mac = keine MAC-Adresse: { $why }
flaw-digits-of-txid = Sie hat 64 hexadezimale Ziffern
flaw-not-hex = Nur die Ziffern 0-9 und a-f sind erlaubt
flaw-no-at = Das @ fehlt
flaw-half-address = Vor oder nach dem @ steht nichts
flaw-blank = Sie enthält ein Leerzeichen
flaw-no-country-code = Beginnen Sie mit + und der Ländervorwahl
flaw-not-digits = Nach dem + stehen nur Ziffern
flaw-country-code-zero = Eine Ländervorwahl beginnt nie mit 0
flaw-digits-of-phone = Nach dem + stehen 7 bis 15 Ziffern
flaw-length-of-iban = Sie hat 15 bis 34 Zeichen
flaw-not-alphanumeric = Nur Buchstaben und Ziffern sind erlaubt
flaw-head-of-iban = Sie beginnt mit zwei Buchstaben und zwei Ziffern
flaw-check-digits = Ihre Prüfziffern stimmen nicht
flaw-digits-of-evm = Auf 0x folgen 40 hexadezimale Ziffern
flaw-letter-case = Groß- und Kleinschreibung passen nicht (EIP-55), also ist ein Zeichen falsch
flaw-mixed-case = bech32 mischt nie Groß- und Kleinbuchstaben
flaw-no-separator = Das Trennzeichen 1 fehlt
flaw-length = Ihre Länge passt nicht
flaw-not-bech32 = Ein Zeichen gehört nicht zu bech32
flaw-checksum = Ihre Prüfsumme stimmt nicht, also ist ein Zeichen falsch oder fehlt
flaw-not-base58 = Ein Zeichen gehört nicht zu Base58
flaw-too-many-bytes = Sie ist länger als 25 Bytes
flaw-leading-ones = Ihre führenden Einsen passen nicht zu ihren Bytes
flaw-not-bitcoin = Dieses Format ist für Bitcoin
flaw-port-range = Ein Port ist eine Zahl von 1 bis 65535
flaw-ends-before-begin = der Zeitraum endet, bevor er beginnt
flaw-interval-too-long = der Zeitraum ist länger als eine Stunde, in der Ports den Besitzer wechseln; geben Sie den Zeitpunkt jeder Verbindung an
flaw-ip-port-form = schreiben Sie Adresse, Port und Zeitpunkt als `192.0.2.1:50386 2026-05-01T12:00:00+02:00` oder `[2001:db8::1]:443 2026-05-01T10:00:00Z`
flaw-no-port = der Port fehlt; hinter Carrier-Grade-NAT haben viele Menschen gleichzeitig dieselbe Adresse, und nur der Port unterscheidet sie: schreiben Sie ihn nach einem Doppelpunkt, wie in `192.0.2.1:50386 2026-05-01T10:00:00Z`
flaw-no-moment = der Zeitpunkt fehlt; Adresse und Port gehen von Hand zu Hand, hinter Carrier-Grade-NAT binnen Sekunden: schreiben Sie ihn nach einem Leerzeichen, wie in `192.0.2.1:50386 2026-05-01T10:00:00Z`
flaw-moment-without-zone = dem Zeitpunkt fehlt die Zeitzone; enden Sie mit Z für UTC oder mit einem Abstand wie +02:00
flaw-moment-unreadable = der Zeitpunkt ist nicht lesbar; schreiben Sie ihn als 2026-05-01T12:00:00+02:00
flaw-moment-too-late = der Zeitpunkt liegt nach dem Jahr 9999
flaw-ip-form = schreiben Sie sie als 192.0.2.1 oder 2001:db8::1, ohne Port; mit Port und Zeitpunkt ist sie ein ip_port
flaw-private-ip = es ist eine Adresse privater Netze, die viele zugleich benutzen; fragen Sie nach der öffentlichen
flaw-shared-ip = es ist eine Adresse innerhalb des Carrier-Grade-NAT eines Anbieters (RFC 6598), die viele zugleich benutzen; fragen Sie nach der öffentlichen, mit Port und Zeitpunkt
flaw-no-host-ip = es ist keine Adresse eines einzelnen Rechners
flaw-domain-with-scheme = lassen Sie https:// weg und alles, was auf den Namen folgt
flaw-domain-with-at = sie enthält ein @; damit ist sie eine E-Mail-Adresse
flaw-domain-wildcard = `*` steht für Namen, die niemand zählen kann; schreiben Sie einen Namen
flaw-domain-is-ip = sie ist eine IP-Adresse; nennen Sie deren Art, ip
flaw-domain-labels = ein Name besteht aus Teilen von Buchstaben, Ziffern und Bindestrichen, getrennt durch Punkte
flaw-domain-one-part = ein Name hat mindestens zwei Teile, wie example.org
flaw-domain-length = ein Teil hat 1 bis 63 Zeichen, das Ganze höchstens 253 (RFC 1035)
flaw-domain-ends-in-number = kein Name endet mit einer Zahl
flaw-device-length = eine Kennung hat höchstens 128 Zeichen
flaw-device-blank = eine Kennung hat kein Leerzeichen; nennen Sie bei einem Telefon die Art, imei
flaw-digits-only = erlaubt sind nur Ziffern, mit Bindestrichen oder Leerzeichen dazwischen
flaw-imei-without-check = die Prüfziffer fehlt; eine IMEI hat 15 Ziffern
flaw-imei-check-digit = die Prüfziffer passt nicht; eine Ziffer ist falsch
flaw-imei-with-version = 16 Ziffern sind eine IMEI mit Softwareversion; schreiben Sie die IMEI mit 15 Ziffern
flaw-digits-of-imei = sie hat 15 Ziffern
flaw-imei-body = hier werden 14 Ziffern erwartet, oder 16 mit Softwareversion
flaw-digits-of-imsi = sie hat 6 bis 15 Ziffern
flaw-mac-digits = sie hat 12 hexadezimale Ziffern, wie 00:1b:44:11:3a:b7
flaw-mac-of-group = es ist die Adresse einer Gruppe von Geräten, nicht eines einzelnen
flaw-mac-zero = es sind lauter Nullen, die kein Gerät hat

policy-legal-poison = volle Bemakelung (keine Rechtsregel der Zuordnung; eine Obergrenze)
policy-legal-haircut = anteilig (pari passu)
policy-legal-fifo = was zuerst hineingeht, geht zuerst hinaus (Clayton’s case, 1816)
policy-legal-lifo = was zuletzt hineingeht, geht zuerst hinaus (ein Brauch der Buchhaltung; ihm verwandt ist bei Konten der niedrigste Zwischensaldo)
policy-legal-tiho = Bemakeltes hinein, Höchstes hinaus (eine Faustregel der Forschung; keine Rechtsregel)
money-own-deposit = Einzahlungsadresse von { $company }
money-back-to-the-form = Gehen Sie zurück zum Formular, und berichtigen Sie es
marks-key-wrong = Das ist kein Schlüssel eines Protokolls; kopieren Sie die eine Zeile der Datei log.vkey, die mit dem Namen der Stelle beginnt

act-receive = Eine Anfrage einreichen
act-assess = Nach Anzeichen für Betrug suchen
act-start-search = Suche beginnen
act-add-exhibit = Beweisstück hinzufügen
act-seal = Paket siegeln
act-deliver = Paket übergeben
act-acknowledge = Eingang des Pakets bestätigen
act-preserve = Aufzeichnungen sichern
act-extend = Aufzeichnungen länger sichern
act-confirm-effect = Ausführung durch die Systeme bestätigen
act-fail-effect = Fehlschlag der Systeme festhalten
act-retry-effect = Die Systeme erneut beauftragen
act-mark-key = Schlüssel kennzeichnen
act-watch-key = Schlüssel beobachten
act-clear-key = Kennzeichen wegnehmen
act-assign = Zuweisen
act-tick = Festhalten, was die Zeit bewirkt hat
act-erase-payload = Personenbezogene Daten löschen
