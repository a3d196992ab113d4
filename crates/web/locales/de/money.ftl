### Dem Geld folgen.

nav-money = Geld
money-title = Dem Geld folgen
money-lead = Beginnen Sie bei einer Transaktion aus den Blöcken dieser Stelle. Jeder Satoshi, der hineingeht, kommt in einer der Tabellen heraus, und der Nachweis ergibt beim Nachrechnen dieselben Bytes.
money-no-blocks = Diese Stelle hat noch keine Blöcke. Sobald ein Speicher oder Blockdateien in ihrer Konfiguration stehen, folgt diese Seite dem Geld durch sie.
money-from = Transaktion oder Ausgang
money-from-hint = 64 hexadezimale Ziffern; mit :0 nur ihr erster Ausgang
money-from-wrong = Das ist keine Transaktion: Geben Sie 64 hexadezimale Ziffern an, mit Doppelpunkt und Nummer, wenn nur ein Ausgang gemeint ist
money-policy = Regel
money-policy-wrong = Wählen Sie eine der fünf Regeln
money-hops = Höchstens so viele Schritte
money-hops-hint = Transaktionen von der Quelle; ohne Angabe 100
money-hops-wrong = Geben Sie eine ganze Zahl von 1 bis { $most } an
money-amount = Kleinster Betrag
money-amount-hint = In Satoshi; kleineren Beträgen wird nicht gefolgt
money-amount-wrong = Geben Sie eine ganze Zahl von Satoshi an, mindestens 1
money-follow = Folgen
policy-poison = Gift
policy-haircut = Anteilig
policy-fifo = Zuerst herein, zuerst hinaus
policy-lifo = Zuletzt herein, zuerst hinaus
policy-tiho = Größtes zuerst
policy-what-poison = ein belasteter Eingang belastet jeden Ausgang ganz: eine Obergrenze
policy-what-haircut = jeder Ausgang trägt den belasteten Anteil der Eingänge
policy-what-fifo = die ersten Satoshi herein sind die ersten hinaus (Clayton’s case)
policy-what-lifo = die letzten Satoshi herein sind die ersten hinaus
policy-what-tiho = die größten Ausgänge nehmen die Belastung zuerst
money-ends = Wo das Geld zur Ruhe kam
money-ends-text = Ausgänge mit belastetem Geld, denen unter der gewählten Regel nicht weiter gefolgt wurde.
money-ends-empty = Kein Ausgang behält etwas davon: Alles endete an Grenzen oder ging in Gebühren.
money-left-out = { $count ->
        [one] Eine weitere Zeile steht im Nachweis.
       *[other] { $count } weitere Zeilen stehen im Nachweis.
    }
money-more = { $count } Zeilen zeigen
money-fewer = Nur die ersten Zeilen zeigen
money-hop = Schritt
money-taint = Belastet, BTC
money-value = Ganzer Ausgang, BTC
money-address = Adresse
money-no-address = keine Adresse
money-fate = Was daraus wurde
money-output = Ausgang
money-transaction = Transaktion
money-transactions = Transaktionen
money-height = Block
money-entered = Belastet herein, BTC
money-worth = Alle Eingänge, BTC
money-tainted-outputs = Belastete Ausgänge
money-why = Warum
money-legal = Unter Juristen bekannt als
fate-reached = erreicht
fate-unspent = in diesen Blöcken nicht ausgegeben
fate-unspendable = kann nie ausgegeben werden
fate-below-amount = unter dem kleinsten Betrag
fate-below-share = unter dem kleinsten Anteil
money-policies = Die fünf Regeln nebeneinander
money-policies-text = Welche Regel gilt, ist eine Rechtsfrage. Stimmen sie überein, kommt es hier nicht darauf an.
sum-source = An der Quelle
sum-reached = Erreicht
sum-unspent = Nicht ausgegeben
sum-limited = An Schranken
sum-boundary = An Grenzen
sum-fees = Gebühren
money-board = Das Bild
money-board-text = { $pieces ->
        [one] Ein Teil, von links nach rechts gelegt, wie das Geld lief. Die Tabellen darüber und darunter sagen dasselbe vollständig.
       *[other] { $pieces } Teile, von links nach rechts gelegt, wie das Geld lief. Die Tabellen darüber und darunter sagen dasselbe vollständig.
    }
board-fit = Ganzes Bild
board-in = Größer
board-out = Kleiner
board-hint = Wählen Sie ein Teil, um es zu lesen; ein gestricheltes, das andere zählt, öffnet sie
board-noscript = Das Bild braucht JavaScript. Die Tabellen sagen dasselbe, und das Bild lässt sich unten mitnehmen.
money-way = Der Weg, den es nahm
money-way-text = Jede Transaktion, durch die das Geld ging, in der Reihenfolge der Kette.
money-way-empty = Es ging durch keine.
money-boundaries = Wo es nicht weitergeht
money-boundaries-text = Nichts wird geraten: Geld, das in diese Transaktionen geht, bleibt in den Summen „an Grenzen“ oder „an Schranken“.
money-boundaries-empty = Nirgends: Jede Transaktion, in die das Geld ging, ist ganz bekannt.
stop-unknown-inputs = { $count ->
        [one] der Wert eines Eingangs steht nicht in diesen Blöcken
       *[other] die Werte von { $count } Eingängen stehen nicht in diesen Blöcken
    }
stop-unknown-fees = { $count ->
        [one] eine Coinbase; eine Gebühr ihres Blocks ist nicht bekannt
       *[other] eine Coinbase; { $count } Gebühren ihres Blocks sind nicht bekannt
    }
stop-claim = eine Coinbase, die mehr beansprucht, als sie darf
stop-hops = weiter von der Quelle als erlaubt
stop-transactions = mehr Transaktionen als erlaubt
money-take = Mitnehmen
money-take-text = Der Nachweis nennt seine Blöcke, seine Regel und jeden Parameter; wer dieselben Blöcke hat, rechnet ihn mit „comity trace replay“ nach.
money-exhibit = Nachweis (JSON)
money-picture = Bild (SVG)
money-csv = Tabelle (CSV)
money-assumptions = Annahmen, jede mit ihrem gemessenen Fehler

money-package = In ein Beweispaket legen
money-package-text = Genau diese Verfolgung wird ein Nachweis eines Ersuchens, dessen Suche begonnen hat, und das steht im Protokoll. Der Nachweis sagt, welche Adressen diesem Unternehmen gehören; wessen sie sind, sagt er nur bei Konten, nach denen die Anordnung fragt. Den Transaktionen der Anordnung folgt die Suche selbst.
money-package-empty = Kein Ersuchen, an dem Sie arbeiten, wird gerade durchsucht. Beginnen Sie eine Suche, dann lässt sich die Verfolgung hier in ihr Paket legen.
money-package-into = Ersuchen
money-package-keep = Ins Paket legen

accounts-title = Dem Geld durch Konten folgen
accounts-lead = EVM-Ketten und Tron: Münzen und Token liegen in Konten, wo sich das Geld des einen mit dem des anderen mischt. Jede von fünf Regeln sagt, welcher Teil einer Zahlung belastet ist; was hineingeht, kommt in den Tabellen heraus, bis zur kleinsten Einheit.
accounts-to-outputs = Stattdessen Bitcoin folgen
money-to-accounts = Stattdessen Münzen und Token von EVM-Ketten und Tron folgen
accounts-no-chains = Diese Stelle hat noch keine Kontenketten. Sobald Kontenprotokolle unter [chain] accounts in ihrer Konfiguration stehen, folgt diese Seite Münzen und Token durch sie: wo sie endeten, wer sie hält, was aus Verträgen zurückkam.
accounts-chain = Kette
accounts-chain-wrong = Wählen Sie eine der Ketten, die diese Stelle hat
accounts-from = Transaktion oder Konto
accounts-from-hint = Der Hash einer Transaktion (64 hexadezimale Ziffern) oder ein Konto, dessen Zahlungen gefolgt wird
accounts-from-wrong = Das ist weder eine Transaktion noch ein Konto dieser Kette: Geben Sie 64 hexadezimale Ziffern an, ein Konto, das mit 0x beginnt, oder auf Tron eines, das mit T beginnt
accounts-asset = Wert
accounts-asset-hint = Leer für die Münze der Kette; der Vertrag eines Tokens, VERTRAG/NUMMER für ein Einzelstück, trc10/NUMMER auf Tron
accounts-asset-wrong = Das ist kein Wert dieser Kette: Lassen Sie das Feld für ihre Münze leer, oder geben Sie den Vertrag eines Tokens an
accounts-first-block = Erster Block
accounts-first-block-hint = Bei einem Konto: seine Zahlungen ab hier
accounts-last-block = Letzter Block
accounts-last-block-hint = Bei einem Konto: seine Zahlungen bis hier
accounts-block-wrong = Geben Sie die Nummer eines Blocks an
accounts-blocks-of-transaction = Blöcke gelten für ein Konto; eine Transaktion steht ohnehin in einem Block. Lassen Sie beide Felder leer
accounts-blocks-turned = Der letzte Block liegt vor dem ersten
accounts-contracts-follow = Verträgen folgen wie jedem Konto
accounts-contracts-hint = Richtig für Geldbörsen, die Verträge sind; sonst endet die Spur dort
accounts-hops-hint = Zahlungen von der Quelle; ohne Angabe 100
accounts-amount-hint = In der kleinsten Einheit des Werts; kleineren Beträgen wird nicht gefolgt
accounts-amount-wrong = Geben Sie eine ganze Zahl kleinster Einheiten an, mindestens 1
accounts-capped = Der Gang endete an seiner Schranke für Ereignisse; was Konten da hielten, zählt als gehalten. Die Befehlszeile geht weiter.
accounts-ends-text = Zahlungen mit belastetem Geld, denen unter der gewählten Regel nicht weiter gefolgt wurde. Münzen sind ganze Münzen, Token stehen in ihrer kleinsten Einheit.
accounts-ends-empty = Keine Zahlung endete irgendwo: Alles wird noch gehalten, ging in Gebühren oder endete in der Tabelle darunter.
accounts-tainted = Belastet
accounts-payment = Ganze Zahlung
accounts-account = Konto
accounts-payments = Zahlungen
accounts-payer = Von
accounts-payee = An
accounts-held = Wer es am Ende hält
accounts-held-text = Die Posten jedes Kontos, das noch belastetes Geld hält. Ein Anfangsposten ist, was ein Konto über das hinaus zahlte, was hereinkam: Es hatte vor diesen Blöcken etwas, oder der Token ändert Guthaben von selbst. Niemand ordnet ihn zu.
accounts-held-empty = Niemand: Alles endete irgendwo darüber.
accounts-lot-tainted = Belasteter Posten
accounts-lot-clean = Sauberer Posten
accounts-lot-opening = Anfangsposten
sum-held = Gehalten
sum-contracts = In Verträgen
sum-bait = Köder
sum-destroyed = Vernichtet
sum-opening = Anfangsposten
policy-lowest-balance = Eigenes Geld zuerst
account-policy-poison = belastetes Geld belastet das ganze Konto: eine Obergrenze
account-policy-haircut = jede Zahlung trägt den belasteten Anteil des Guthabens
account-policy-fifo = was zuerst auf ein Konto kam, verlässt es zuerst (Clayton’s case)
account-policy-lifo = was zuletzt auf ein Konto kam, verlässt es zuerst
account-policy-lowest-balance = das eigene Geld eines Kontos wird zuerst ausgegeben (niedrigster Zwischenstand)
account-policy-legal-poison = volle Bemakelung (keine Rechtsregel der Zuordnung; eine Obergrenze)
account-policy-legal-haircut = anteilig (pari passu)
account-policy-legal-fifo = was zuerst hineingeht, geht zuerst hinaus (Clayton’s case, 1816)
account-policy-legal-lifo = was zuletzt hineingeht, geht zuerst hinaus (eine Regel der Buchhaltung, zum Vergleich)
account-policy-legal-lowest-balance = niedrigster Zwischensaldo (Roscoe v Winder, 1915; eigenes Geld wird zuerst ausgegeben)
paid-followed = gefolgt
paid-reached = erreicht
paid-contract = in einem Vertrag
paid-too-far = weiter als erlaubt
paid-too-little = unter dem kleinsten Betrag
paid-small-part = unter dem kleinsten Anteil
paid-bait = als Köder ausgelassen
paid-destroyed = vernichtet
paid-wrapped = verpackt oder ausgepackt
accounts-at-contracts = Wo es in Verträge ging
accounts-at-contracts-text = Ein Vertrag mischt das Geld vieler nach eigenen Regeln, deshalb endet die Spur dort. Was in derselben Transaktion zurückkam, steht hier mit seinen Punkten, das Beste zuerst. Punkte sind keine Wahrscheinlichkeit, und nichts wird stillschweigend verfolgt: Um weiterzugehen, fragen Sie nach Transaktion und Wert des Kandidaten.
accounts-at-contracts-empty = Nirgends: Kein Vertrag erhielt belastetes Geld.
accounts-nothing-back = In derselben Transaktion kam nichts zurück.
accounts-candidates = Was zurückgekommen sein kann
accounts-score = Punkte
accounts-came-back = Kam zurück
accounts-speaks-for-it = Was dafür spricht
swap-to-payer = kam zum Zahler
swap-to-signer = kam zum Unterzeichner
swap-from-payee = kam von dem, der es erhielt
swap-from-contract = kam von einem Vertrag
swap-only = sonst kam nichts zurück
swap-other = ein weiteres Zeichen, im Nachweis genannt
accounts-bait = Köder
accounts-bait-text = Zahlungen von oder an ein Konto, das einem früher bezahlten ähnlich sieht. Köder, die nichts, Staub oder einen falschen Token zahlen, sind kein Geldfluss; echtes Geld an ein ähnliches Konto ist markiert und wird verfolgt.
accounts-bait-empty = Keine Zahlung hier ahmt eine andere Adresse nach.
accounts-bait-sort = Art
accounts-look-alike = Nachahmer
accounts-imitated = Ahmt nach
bait-zero-value = eine Zahlung von nichts
bait-dust = Staub
bait-counterfeit = ein falscher Token
bait-paid = echtes Geld an ein ähnliches Konto
bait-flagged = markiert und verfolgt
accounts-take-text = Der Nachweis nennt seine Blöcke mit einem Digest, seine Regel und jeden Parameter; wer dieselben Blöcke oder einen Knoten der Kette hat, rechnet ihn mit „comity trace replay“ nach.
accounts-blocks = Gelesene Blöcke
accounts-gaps = { $count ->
        [0] Alles darin ist bekannt.
        [one] Eines darin ist nicht bekannt; der Nachweis sagt, was.
       *[other] { $count } Dinge darin sind nicht bekannt; der Nachweis sagt, was.
    }
