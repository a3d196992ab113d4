### Anzeichen von Betrug, Quarantäne, Vermerke zwischen Stellen, was Notfälle noch schulden.

nav-marks = Betrugsvermerke
tag-signs = Angehalten: Anzeichen von Betrug
tag-watched = Beobachtet: ein Köder wurde genannt
tag-unvalidated = Unbestätigt
unvalidated-text = Diesem Notfall ist keine Anordnung rechtzeitig gefolgt. Sie war verspätet ab
event-assessed = auf Anzeichen von Betrug angesehen
signs-title = Anzeichen von Betrug
signs-empty = Dieses Ersuchen kam, bevor die Stelle nach Anzeichen von Betrug sah.
signs-none = Kein Anzeichen gefunden.
signs-score = { $score } von 100 Punkten
signs-earlier = { $count ->
        [0] kein früheres Ersuchen dieser Behörde zum Vergleich
        [one] mit einem früheren Ersuchen dieser Behörde verglichen
       *[other] mit { $count } früheren Ersuchen dieser Behörde verglichen
    }
signs-rules = Regeln vom { $version }
signs-sign = Anzeichen
signs-points = Punkte
signs-source = Woher es kommt
signs-source-history = frühere Ersuchen dieser Behörde hier
signs-source-order = die Anordnung
signs-source-directory = das Verzeichnis
signs-source-canaries = die Liste der Köder
signs-source-marks = Vermerke einer anderen Stelle
signs-call-back = Anzeichen von Betrug halten dieses Ersuchen an. Nur ein Anruf bei einer Nummer unseres eigenen Verzeichnisses beweist den Absender; ein Passkey oder Zertifikat kann gestohlen sein.
signs-unknown = Die Punkte entscheiden nichts. Sie kennen weder Feiertage noch das Gericht, das die Anordnung schrieb, noch den Ort der Verbindung, und ein Betrug, der die Gewohnheiten der Behörde nachahmt, hat keine Punkte.
sign-velocity = Mehr Ersuchen als üblich
sign-breadth = Mehr Suchmerkmale als üblich
sign-new-identifier = Neue Art von Merkmal
sign-off-hours = Außerhalb der Dienstzeit
sign-geography = Anderes Land
sign-template = Anders als frühere Anordnungen
sign-new-key = Neuer Schlüssel
sign-emergency = Notfall
sign-canary = Köder
sign-foreign-mark = Anderswo verdächtig
finding-velocity = { $requests } Ersuchen von { $of } in { $hours } Std.; üblich { $habit }
finding-velocity-new = { $requests } Ersuchen von { $of } in { $hours } Std.; noch keine Gewohnheit bekannt
finding-breadth = { $selectors } Suchmerkmale in einem Ersuchen; der Median der Behörde ist { $habit }
finding-breadth-new = { $selectors } Suchmerkmale in einem Ersuchen; noch keine Gewohnheit bekannt
finding-new-identifier = { $kinds }: in keinem der { $earlier } früheren Ersuchen der Behörde
finding-off-hours = gesendet um { $local } in { $zone }, außerhalb der Dienstzeit
finding-weekend = gesendet um { $local } in { $zone }, am Wochenende
finding-geography = erlassen in { $order }; die Behörde ist in { $agency }
finding-template = die ähnlichste von { $compared } früheren Anordnungen dieser Art gleicht ihr zu { $percent } %
finding-new-key = kein Ersuchen dieses Schlüssels unter den { $earlier } früheren der Behörde
finding-emergency = ein Notfall wird geltend gemacht; { $earlier } von { $of } früheren Ersuchen taten das
finding-canary = { $selectors } der Suchmerkmale sind Köder, die keine redliche Anordnung nennt
finding-foreign-mark = { $by } verdächtigt diesen Absender: { $reason }
party-key = diesem Schlüssel
party-agency = dieser Behörde
mark-stolen-key = ein anderer benutzt den Schlüssel
mark-forged-order = die Anordnung ist gefälscht
mark-fake-agency = die Behörde gibt es nicht, oder sie kennt die Person nicht
mark-fake-emergency = der Notfall war erfunden
mark-harvesting = Aufzeichnungen in Masse, ohne einen Fall
mark-canary = ein Köder wurde genannt
mark-other = ein anderer Grund
selector-transaction-id = Transaktion
selector-device-id = Gerät
selector-ip-port = IP-Adresse mit Port und Zeit
selector-card = Zahlungskarte
selector-name = Name
emergencies-title = Nach Notfällen geschuldet
emergencies-lead = Ein Notfall geht seiner Anordnung voraus. Die Anordnung folgt, und eine dritte Person sieht jede Antwort an.
emergencies-cut = Es sind mehr Notfälle offen, als diese Seite durchsieht. Schließen Sie ab, was getan ist.
emergencies-unvalidated = Unbestätigt: die Anordnung folgte nicht rechtzeitig
emergencies-unvalidated-empty = Keine. Notfälle mit verspäteter Anordnung werden hier stehen und sind überall gekennzeichnet.
emergencies-reviews = Von einer dritten Person zu prüfen
emergencies-reviews-empty = Keine. Antworten aus Notfällen werden hier stehen, bis jemand sie geprüft hat, der nicht beteiligt war.
emergencies-awaited = Anordnung steht noch aus
emergencies-awaited-empty = Keine. Notfälle, deren Anordnung noch rechtzeitig folgen kann, werden hier stehen.
quarantine-title = Quarantäne
quarantine-of = Quarantäne: { $name }
quarantine-lead = Ein gesperrter Schlüssel öffnet von da an nichts, und nichts, was er erbat, verlässt das Haus. Ersuchen anderer Schlüssel der Behörde warten auf Menschen.
quarantine-keys = Schlüssel
quarantine-key = Schlüssel
quarantine-frozen = Gesperrt
quarantine-watched-text = Nichts, was dieser Schlüssel erbat, verlässt das Haus; seine Inhaberin oder sein Inhaber erfährt es nicht. Er nannte einen Köder in
quarantine-foreign = { $desk } verdächtigt diesen Absender:
quarantine-reason = Was vermutet wird
quarantine-freeze = Diesen Schlüssel sperren
quarantine-found = Was herausgefunden wurde, und wie
quarantine-free = Den Vermerk aufheben
quarantine-own-mark = Sie haben diesen Vermerk gesetzt; eine andere Person muss ihn aufheben.
quarantine-words-missing = Sagen Sie warum; es bleibt festgehalten
quarantine-requests = Was diese Behörde noch erbittet und was sie erhielt
quarantine-requests-empty = Nichts ist offen, und nichts hat das Haus verlassen. Offene Bitten und jedes übergebene Paket werden hier stehen.
quarantine-open = Offene Bitten
quarantine-left = Übergebene Pakete
marks-title = Betrugsvermerke
marks-lead = Was diese Stelle vermutet, für andere Stellen, und was jene vermuten. Kein Fall, kein Name einer Person.
marks-export = Für andere Stellen
marks-own = { $count ->
        [0] Kein Schlüssel trägt einen Vermerk.
        [one] Ein Schlüssel trägt einen Vermerk.
       *[other] { $count } Schlüssel tragen einen Vermerk.
    }
marks-export-text = Das Dokument ist mit dem Schlüssel des Protokolls dieser Stelle unterschrieben und gilt 30 Tage. Personen stehen darin als Prüfsummen ihrer Adressen.
marks-export-button = Unterschriebenes Dokument herunterladen
marks-canaries = { $count ->
        [0] Kein Köder ist gelegt.
        [one] Ein Köder ist gelegt. Niemand kann lesen, welcher.
       *[other] { $count } Köder sind gelegt. Niemand kann lesen, welche.
    }
marks-foreign = Von anderen Stellen
marks-foreign-empty = Noch keine. Stellen, deren Vermerke Sie übernehmen, werden hier stehen, mit wem und bis wann sie gelten.
marks-desk = Stelle
marks-count = Vermerke
marks-taken = Übernommen
marks-until = Bis
marks-over = abgelaufen
marks-import = Vermerke übernehmen
marks-import-text = Sie erhöhen die Punkte von Ersuchen der genannten Absender und sperren niemanden. Sie ersetzen, was jene Stelle zuvor sagte.
marks-document = Unterschriebenes Dokument
marks-document-hint = Der ganze Text mit seiner Unterschriftszeile
marks-key = Schlüssel, dem Sie dafür vertrauen
marks-key-hint = Der Protokollschlüssel der anderen Stelle, aus ihrer eigenen Hand: name+id+base64
marks-import-button = Übernehmen
