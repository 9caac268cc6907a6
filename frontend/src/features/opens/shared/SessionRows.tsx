import { Skeleton } from '@mantine/core';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { useSession } from './queries';
import classes from './rows.module.css';
import { SessionTable } from './SessionTable';

const ROWS = 12;

/** The 12 rows of a session, asked for when they are shown. */
export function SessionRows({ sessionId }: { sessionId: string }) {
  const { data, error, refetch, isFetching } = useSession(sessionId);
  if (data) return <SessionTable rows={data.rows} label={`${data.display_name}, ${data.trade_date}`} />;
  if (error) {
    return (
      <ProblemAlert
        what="The rows could not be loaded"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading rows" data-testid="rows-skeleton">
      {Array.from({ length: ROWS }, (_, i) => (
        <Skeleton key={i} height={18} radius="sm" />
      ))}
    </div>
  );
}
