import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

/** An authority that nobody knows, what it certifies for 127.0.0.1, and for a client. Made by openssl for one run. */
export const makeCertificates = (): { readonly ca: string; readonly broker: Certified; readonly client: Certified } => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-tls-'))
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  const certified = (name: string): Certified => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`)
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) }
  }
  try {
    writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1')
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=spec-ca')
    return { ca: read('ca.crt'), broker: certified('broker'), client: certified('client') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
