/** What browser tests read to prove that no id was lost. Off unless localStorage has thor.trace = "1". */

import type { WireState, WireStatus } from './wire';

const MAX_IDS = 20_000;

export interface WireTrace {
  /** Ids of the quote events received, oldest first, the last 20,000. */
  readonly ids: string[];
  readonly reconnects: number;
  readonly gaps: number;
  readonly state: WireState;
}

declare global {
  interface Window {
    __thorWire?: WireTrace;
  }
}

export interface Trace {
  record(id: string): void;
}

const SILENT: Trace = { record: () => undefined };

function isWanted(): boolean {
  try {
    return window.localStorage.getItem('thor.trace') === '1';
  } catch {
    return false; // storage is forbidden in this browser
  }
}

export function installTrace(status: () => WireStatus): Trace {
  if (!isWanted()) return SILENT;
  const ids: string[] = [];
  window.__thorWire = {
    ids,
    get reconnects() {
      return status().reconnects;
    },
    get gaps() {
      return status().gaps;
    },
    get state() {
      return status().state;
    },
  };
  return {
    record: (id) => {
      ids.push(id);
      if (ids.length > MAX_IDS) ids.splice(0, ids.length - MAX_IDS);
    },
  };
}
