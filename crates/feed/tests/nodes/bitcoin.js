// A Bitcoin node on regtest with a wallet, in memory, on the two given ports of loopback.
'use strict';

process.env.NODE_BACKEND = 'js'; // nothing needs a compiler

const bcoin = require('bcoin');
const [nodePort, walletPort] = process.argv.slice(2).map(Number);

bcoin.set('regtest');
const node = new bcoin.FullNode({
  network: 'regtest',
  memory: true,
  indexTx: true,
  indexAddress: true,
  listen: false,
  workers: false,
  env: false,
  argv: false,
  apiKey: 'test',
  httpHost: '127.0.0.1',
  httpPort: nodePort,
  walletApiKey: 'test',
  walletHttpHost: '127.0.0.1',
  walletHttpPort: walletPort,
  plugins: [require('bcoin/lib/wallet/plugin')]
});

// Gone when the test is, however it ends.
process.stdin.on('end', () => process.exit(0)).resume();

node.open().then(() => console.log('open'), (error) => {
  console.error(error.stack);
  process.exit(1);
});
