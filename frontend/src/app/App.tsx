import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Loader.css';
import '@mantine/core/styles/ActionIcon.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/Alert.css';
import '@mantine/core/styles/Skeleton.css';
import '@mantine/core/styles/VisuallyHidden.css';
import './theme.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { LiveContext } from '@/live/hooks';
import { LiveSession } from '@/live/session';
import { createQueryClient } from './queryClient';
import { createAppRouter } from './router';
import { colorSchemeManager, theme } from './theme';

const queryClient = createQueryClient();
const session = new LiveSession({ queryClient });
const router = createAppRouter();

/** The whole app: providers around the router, and the one live wire for as long as the page lives. */
export function App() {
  useEffect(() => session.start(), []);
  return (
    // Mantine's own style elements are off: all CSS comes from files (theme.css says why).
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <LiveContext value={session}>
          <RouterProvider router={router} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}
