// A Bitcoin node on regtest with a wallet, in memory, on ports of loopback that it prints as JSON.
'use strict';

process.env.NODE_BACKEND = 'js'; // nothing needs a compiler

const bcoin = require('bcoin');

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
  httpPort: 0,
  walletApiKey: 'test',
  walletHttpHost: '127.0.0.1',
  walletHttpPort: 0,
  plugins: [require('bcoin/lib/wallet/plugin')]
});

// Gone when the test is, however it ends.
process.stdin.on('end', () => process.exit(0)).resume();

node.open().then(() => {
  const port = (server) => server.http.address().port;
  const wallet = node.require('walletdb');
  console.log(JSON.stringify({ node: port(node.http), wallet: port(wallet.http) }));
}, (error) => {
  console.error(error.stack);
  process.exit(1);
});
