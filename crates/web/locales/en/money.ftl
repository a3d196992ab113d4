### Following the money.

nav-money = Money
money-title = Follow the money
money-lead = Start at a transaction of this desk’s blocks. Every satoshi that goes in comes out in one of the tables, and the exhibit replays to the same bytes.
money-no-blocks = This desk has no blocks yet. Once a store or block files are named in its configuration, this page follows money through them.
money-from = Transaction or output
money-from-hint = 64 hexadecimal digits; add :0 for its first output alone
money-from-wrong = That is no transaction: give 64 hexadecimal digits, with a colon and the number of an output if only one is meant
money-policy = Rule
money-policy-wrong = Choose one of the five rules
money-hops = Hops at most
money-hops-hint = Transactions from the source; 100 unless you say otherwise
money-hops-wrong = Give a whole number from 1 to { $most }
money-amount = Least amount
money-amount-hint = In satoshis; smaller sums are not followed
money-amount-wrong = Give a whole number of satoshis, at least 1
money-follow = Follow
policy-poison = Poison
policy-haircut = Haircut
policy-fifo = First in, first out
policy-lifo = Last in, first out
policy-tiho = Taint in, highest out
policy-what-poison = any tainted input taints every output whole: an upper bound
policy-what-haircut = every output carries the tainted share of the inputs
policy-what-fifo = the first satoshis in are the first out (Clayton’s case)
policy-what-lifo = the last satoshis in are the first out
policy-what-tiho = the largest outputs take the taint first
money-ends = Where the money came to rest
money-ends-text = Outputs with tainted money that the trace did not follow further, under the rule chosen.
money-ends-empty = No output keeps any of it: everything stopped at boundaries or went to fees.
money-left-out = { $count ->
        [one] One more row is in the exhibit.
       *[other] { $count } more rows are in the exhibit.
    }
money-hop = Hop
money-taint = Tainted, BTC
money-value = Whole output, BTC
money-address = Address
money-no-address = no address
money-fate = What became of it
money-output = Output
money-transaction = Transaction
money-transactions = Transactions
money-height = Block
money-entered = Tainted in, BTC
money-worth = All inputs, BTC
money-tainted-outputs = Tainted outputs
money-why = Why
money-legal = Known to lawyers as
fate-reached = reached
fate-unspent = not spent in these blocks
fate-unspendable = can never be spent
fate-below-amount = below the least amount
fate-below-share = below the least share
money-policies = The five rules side by side
money-policies-text = Which rule applies is a question of law. If they agree, it does not matter here.
sum-source = At the source
sum-reached = Reached
sum-unspent = Unspent
sum-limited = At limits
sum-boundary = At boundaries
sum-fees = Fees
money-board = The picture
money-board-text = { $pieces ->
        [one] One piece, laid out from left to right as the money moved. The tables above and below say the same in full.
       *[other] { $pieces } pieces, laid out from left to right as the money moved. The tables above and below say the same in full.
    }
board-fit = Whole picture
board-in = Larger
board-out = Smaller
board-hint = Choose a piece to read it; a dashed piece that counts others opens them
board-noscript = The picture needs JavaScript. The tables say the same, and the picture can be taken along below.
money-way = The way it took
money-boundaries = Where the trace cannot go on
money-boundaries-text = Nothing is guessed: money that enters these transactions stays in the sums as “at boundaries” or “at limits”.
money-boundaries-empty = Nowhere: every transaction that the money entered is fully known.
stop-unknown-inputs = { $count ->
        [one] the value of one input is not in these blocks
       *[other] the values of { $count } inputs are not in these blocks
    }
stop-unknown-fees = { $count ->
        [one] a coinbase; one fee of its block is not known
       *[other] a coinbase; { $count } fees of its block are not known
    }
stop-claim = a coinbase that claims more than it may
stop-hops = further from the source than allowed
stop-transactions = more transactions than allowed
money-take = Take it along
money-take-text = The exhibit names its blocks, its rule and every parameter; anybody with the same blocks recomputes it with “comity trace replay”. In a case, naming the transaction in the order puts the same exhibit into the package.
money-exhibit = Exhibit (JSON)
money-picture = Picture (SVG)
money-csv = Table (CSV)
money-assumptions = Assumptions, each with its measured error
