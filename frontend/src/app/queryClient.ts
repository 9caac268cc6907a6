import { QueryClient } from '@tanstack/react-query';
import { ProblemError } from '@/api/client';

const MAX_RETRIES = 2;

export function shouldRetry(failures: number, error: Error): boolean {
  const isRefusal = error instanceof ProblemError && error.isRefusal;
  return !isRefusal && failures < MAX_RETRIES;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: shouldRetry,
        // The server is usually on this machine: "offline" does not mean that it cannot be reached.
        networkMode: 'always',
        refetchOnWindowFocus: false,
      },
    },
  });
}
