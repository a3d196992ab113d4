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
money-take-text = Der Nachweis nennt seine Blöcke, seine Regel und jeden Parameter; wer dieselben Blöcke hat, rechnet ihn mit „comity trace replay“ nach. In einem Fall legt die Anordnung, die die Transaktion nennt, denselben Nachweis ins Paket.
money-exhibit = Nachweis (JSON)
money-picture = Bild (SVG)
money-csv = Tabelle (CSV)
money-assumptions = Annahmen, jede mit ihrem gemessenen Fehler
