import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

/** Paths that Django answers; everything else belongs to the web app. */
const BACKEND_PATHS = ['/api', '/admin', '/healthz', '/readyz', '/static'];

export default defineConfig(({ mode }) => {
  const port = loadEnv(mode, '.', 'THOR_').THOR_PORT ?? '8000';
  return {
    plugins: [react()],
    resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
    server: {
      host: '127.0.0.1',
      port: 5173,
      strictPort: true,
      proxy: Object.fromEntries(BACKEND_PATHS.map((path) => [path, `http://127.0.0.1:${port}`])),
    },
    build: {
      // Inlined data: URIs would need a wider Content-Security-Policy than 'self'.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: true,
      rolldownOptions: {
        output: {
          // Libraries change seldom: in files of their own they stay in the browser's cache over our releases.
          codeSplitting: {
            groups: [
              { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 3 },
              { name: 'tanstack', test: /node_modules\/@tanstack\//, priority: 2 },
            ],
          },
        },
      },
    },
    test: {
      environment: 'happy-dom',
      include: ['src/**/*.test.{ts,tsx}'],
      restoreMocks: true,
    },
  };
});
