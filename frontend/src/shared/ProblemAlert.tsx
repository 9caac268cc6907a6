import { Alert, Button } from '@mantine/core';
import { WarningIcon } from './icons';

interface ProblemAlertProps {
  /** What failed, for the user: "Instruments could not be loaded". */
  what: string;
  error: Error;
  onRetry: () => void;
  retrying: boolean;
}

/** An error with the server's own words and a way out. */
export function ProblemAlert({ what, error, onRetry, retrying }: ProblemAlertProps) {
  return (
    <Alert variant="default" icon={<WarningIcon size={18} />} title={what} data-testid="problem">
      <p>{error.message}</p>
      <Button size="compact-sm" variant="default" mt="xs" onClick={onRetry} loading={retrying}>
        Retry now
      </Button>
    </Alert>
  );
}
