import type { OnPathSearch, PathSearch } from './pathSearch';

export function SessionPage({ sessionId }: { sessionId: string; search: PathSearch; onSearch: OnPathSearch }) {
  return (
    <main>
      <h1>{sessionId}</h1>
    </main>
  );
}
