/**
 * What the database's schema is made of, as one value: it changes when a migration is added, and calls schema-migrator.
 * The collectors' manifests are part of it, because schema-migrator registers which collectors are expected.
 * Invariant: the same migrations give the same value on every machine, whatever its line ends and the order of its folders.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SettingError } from '../settings/setting-error.ts';

const CRATES = join(import.meta.dirname, '../../../../crates');

/** SHA-256 over the store's migrations, the collectors' own, and the collectors' manifests, in hexadecimal. */
export function migrationsDigest(crates: string = CRATES): string {
  const collectors = join(crates, 'collectors');
  const folders = ['lib/store', ...namesIn(collectors).map((id) => `collectors/${id}`)].map((owner) => `${owner}/migrations`);
  const files = folders.flatMap((folder) => namesIn(join(crates, folder)).filter((name) => name.endsWith('.sql')).map((name) => `${folder}/${name}`));
  if (files.length === 0) throw new SettingError(`${crates} has no migrations: run this app inside the whole repository`);
  const manifests = namesIn(collectors).map((id) => `collectors/${id}/collector.json`).filter((file) => existsSync(join(crates, file)));
  const digest = createHash('sha256');
  for (const file of [...files, ...manifests]) {
    const text = readFileSync(join(crates, file), 'utf8').replaceAll('\r\n', '\n');
    digest.update(JSON.stringify([file, text]));
  }
  return digest.digest('hex');
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort((a, b) => (a < b ? -1 : 1)) : [];
}
