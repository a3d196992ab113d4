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
money-more = Show { $count } rows
money-fewer = Show the first rows only
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
money-way-text = Every transaction that the money passed, in the order of the chain.
money-way-empty = It passed none.
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
money-take-text = The exhibit names its blocks, its rule and every parameter; anybody with the same blocks recomputes it with “comity trace replay”.
money-exhibit = Exhibit (JSON)
money-picture = Picture (SVG)
money-csv = Table (CSV)
money-assumptions = Assumptions, each with its measured error

money-package = Put it into an evidence package
money-package-text = Exactly this trace becomes an exhibit of a request whose search has begun, and that is on the record. The exhibit says which addresses are this company’s; whose they are, it says only of accounts that the order asks about. The order’s own transactions are followed by the search itself.
money-package-empty = No request that you work on is being searched. Begin a search, and this place offers to put the trace into its package.
money-package-into = Request
money-package-keep = Put it into the package

accounts-title = Follow the money through accounts
accounts-lead = EVM chains and Tron: coins and tokens lie in accounts, where one person’s money mixes with another’s. Each of five rules says which part of a payment is tainted; what goes in comes out in the tables, to the smallest unit.
accounts-to-outputs = Follow bitcoin instead
money-to-accounts = Follow coins and tokens of EVM chains and Tron instead
accounts-no-chains = This desk has no account chains yet. Once account logs are named under [chain] accounts in its configuration, this page follows coins and tokens through them: where they ended, who holds them, what came back from contracts.
accounts-chain = Chain
accounts-chain-wrong = Choose one of the chains that this desk has
accounts-from = Transaction or account
accounts-from-hint = A transaction’s hash (64 hexadecimal digits), or an account whose payments are followed
accounts-from-wrong = That is neither a transaction nor an account of this chain: give 64 hexadecimal digits, an account that begins with 0x, or on Tron one that begins with T
accounts-asset = Asset
accounts-asset-hint = Empty for the chain’s own coin; a token’s contract, CONTRACT/NUMBER for one item, trc10/NUMBER on Tron
accounts-asset-wrong = That is no asset of this chain: leave it empty for its own coin, or give a token’s contract
accounts-first-block = First block
accounts-first-block-hint = Of an account: its payments from here on
accounts-last-block = Last block
accounts-last-block-hint = Of an account: its payments up to here
accounts-block-wrong = Give the number of a block
accounts-blocks-of-transaction = Blocks are for an account; a transaction is in one block anyway. Leave both empty
accounts-blocks-turned = The last block lies before the first
accounts-contracts-follow = Follow contracts like anybody
accounts-contracts-hint = Right for wallets that are contracts; otherwise the trace ends there
accounts-hops-hint = Payments from the source; 100 unless you say otherwise
accounts-amount-hint = In the asset’s smallest unit; smaller sums are not followed
accounts-amount-wrong = Give a whole number of smallest units, at least 1
accounts-capped = The walk ended at its limit of events; what accounts held then is counted as held. The command line goes further.
accounts-ends-text = Payments with tainted money that the trace did not follow further, under the rule chosen. Coins are whole coins, tokens are in their smallest unit.
accounts-ends-empty = No payment ended anywhere: everything is still held, was paid as fees, or ended in the table below.
accounts-tainted = Tainted
accounts-payment = Whole payment
accounts-account = Account
accounts-payments = Payments
accounts-payer = From
accounts-payee = To
accounts-held = Who holds it at the end
accounts-held-text = The lots of every account that still holds tainted money. An opening lot is what an account paid beyond what had come in: it had something before these blocks, or the token changes balances by itself. Nobody attributes it.
accounts-held-empty = Nobody: all of it ended somewhere above.
accounts-lot-tainted = Tainted lot
accounts-lot-clean = Clean lot
accounts-lot-opening = Opening lot
sum-held = Held
sum-contracts = At contracts
sum-bait = Bait
sum-destroyed = Destroyed
sum-opening = Opening lots
policy-lowest-balance = Own money first
account-policy-poison = any tainted money taints the whole account: an upper bound
account-policy-haircut = each payment carries the tainted share of the balance
account-policy-fifo = what came to an account first leaves it first (Clayton’s case)
account-policy-lifo = what came to an account last leaves it first
account-policy-lowest-balance = an account’s own money is spent first (lowest intermediate balance)
account-policy-legal-poison = full taint (no legal rule of apportionment; an upper bound)
account-policy-legal-haircut = pro rata (pari passu)
account-policy-legal-fifo = first in, first out (Clayton’s case, 1816)
account-policy-legal-lifo = last in, first out (an accounting rule, for comparison)
account-policy-legal-lowest-balance = lowest intermediate balance (Roscoe v Winder, 1915; own money is spent first)
paid-followed = followed
paid-reached = reached
paid-contract = at a contract
paid-too-far = further than allowed
paid-too-little = below the least amount
paid-small-part = below the least part
paid-bait = left out as bait
paid-destroyed = destroyed
paid-wrapped = wrapped or unwrapped
accounts-at-contracts = Where it went into contracts
accounts-at-contracts-text = A contract mixes many people’s money by rules of its own, so the trace ends there. What came back in the same transaction is listed with its points, best first. Points are no probability, and nothing is followed in silence: to go on, ask about the candidate’s transaction and asset.
accounts-at-contracts-empty = Nowhere: no contract received tainted money.
accounts-nothing-back = Nothing came back in the same transaction.
accounts-candidates = What may have come back
accounts-score = Points
accounts-came-back = Came back
accounts-speaks-for-it = What speaks for it
swap-to-payer = came to the payer
swap-to-signer = came to the signer
swap-from-payee = came from whom it was given to
swap-from-contract = came from a contract
swap-only = nothing else came back
swap-other = another sign, named in the exhibit
accounts-bait = Bait
accounts-bait-text = Payments by or to an account that looks like one that was paid before. Bait that pays nothing, dust or a false token is no flow of money; real money to a look-alike is flagged and followed.
accounts-bait-empty = No payment here imitates another address.
accounts-bait-sort = Sort
accounts-look-alike = Look-alike
accounts-imitated = Imitates
bait-zero-value = a payment of nothing
bait-dust = dust
bait-counterfeit = a false token
bait-paid = real money to a look-alike
bait-flagged = flagged, and followed
accounts-take-text = The exhibit names its blocks by one digest, its rule and every parameter; anybody with the same blocks or a node of the chain recomputes it with “comity trace replay”.
accounts-blocks = Blocks read
accounts-gaps = { $count ->
        [0] Everything in them is known.
        [one] One thing in them is not known; the exhibit says what.
       *[other] { $count } things in them are not known; the exhibit says what.
    }
