/**
 * The app as the `cdk` command starts it, and as anyone may without network and credentials: `node --import tsx bin/polo.ts`.
 * POLO_SETTINGS names a file of settings, CDK_OUTDIR the folder of the templates, and CDK_CONTEXT_JSON holds what wins over
 * the file.
 * Invariant: what a person wrote wrongly ends as one sentence on stderr and exit code 1, and nothing is written.
 */
import { join } from 'node:path';
import { writeInto } from '../lib/output-folder.ts';
import { orOneSentence } from '../lib/refusal.ts';
import { synthesize } from '../lib/synthesis.ts';

const { CDK_OUTDIR = join(import.meta.dirname, '../../../target/synth'), POLO_SETTINGS } = process.env;

orOneSentence(() => writeInto(CDK_OUTDIR, (folder) => synthesize(folder, { settingsFile: POLO_SETTINGS })));
