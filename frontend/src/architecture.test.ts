/** The walls of the web app: which folder may import which. */

import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['./**/*.{ts,tsx}', '!./**/*.test.{ts,tsx}'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** From the ground up: a folder imports only folders below it. */
const FLOORS = ['shared', 'api', 'live', 'features', 'app'];

const IMPORT = /(?:from|import\()\s*'((?:@\/|\.)[^']+)'/g;

/** The path inside src that an import of `file` means, without extension: "live/wire". */
function resolveImport(file: string, target: string): string {
  const base = target.startsWith('@/') ? '/' : `/${file}`;
  return new URL(target.replace(/^@\//, '/'), `file://${base}`).pathname.slice(1);
}

const imports = Object.entries(sources).flatMap(([path, text]) => {
  const file = path.replace('./', '');
  return [...text.matchAll(IMPORT)].map(([, target = '']) => ({ file, target: resolveImport(file, target) }));
});

const floorOf = (path: string): number => FLOORS.indexOf(path.split('/')[0] ?? '');

it('sees the imports', () => {
  expect(imports).toContainEqual({ file: 'main.tsx', target: 'app/App' });
  expect(imports).toContainEqual({ file: 'live/hooks.ts', target: 'live/wire' });
});

it('lets every folder import only what is below it', () => {
  const upward = imports.filter(({ file, target }) => file !== 'main.tsx' && floorOf(target) > floorOf(file));
  expect(upward).toEqual([]);
});

it('keeps features apart', () => {
  const featureOf = (path: string) => (path.startsWith('features/') ? path.split('/')[1] : undefined);
  const crossing = imports.filter(({ file, target }) => {
    const [from, to] = [featureOf(file), featureOf(target)];
    return from !== undefined && to !== undefined && from !== to;
  });
  expect(crossing).toEqual([]);
});

it('opens the event source in one place', () => {
  const openers = Object.entries(sources).filter(([, text]) => text.includes('new EventSource'));
  expect(openers.map(([path]) => path)).toEqual(['./live/session.ts']);
});
