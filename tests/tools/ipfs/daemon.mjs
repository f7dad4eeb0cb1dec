// Starts one IPFS node for the tests: offline, on loopback, without peers. Usage: node daemon.mjs REPO PORT
import { Daemon } from 'ipfs-daemon'

const [repo, port] = process.argv.slice(2)
const daemon = new Daemon({
  repo,
  offline: true,
  silent: true,
  preload: { enabled: false },
  init: { algorithm: 'Ed25519', emptyRepo: true },
  config: {
    Addresses: { Swarm: [], Announce: [], NoAnnounce: [], Delegates: [], API: `/ip4/127.0.0.1/tcp/${port}`, Gateway: '', RPC: '' },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
    Routing: { Type: 'none' }
  }
})
await daemon.start()
process.stdout.write('ready\n')
process.on('SIGTERM', async () => {
  await daemon.stop()
  process.exit(0)
})
