import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client'
import { sessionQuery } from './api/queries'
import { ClockProvider } from './design/clock'
import { PreferencesProvider } from './design/preferences'
import './design/design.css'
import { createSiteRouter } from './router'
import './shell/shell.css'
import { Theme } from './shell/Theme'
import './texts'

/** A session that has ended elsewhere ends here too: the guard of the router then asks to sign in. */
function signedOut(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401 || client.getQueryData(sessionQuery.queryKey) === null) return
  client.setQueryData(sessionQuery.queryKey, null)
  void router.invalidate()
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: signedOut }),
  mutationCache: new MutationCache({ onError: signedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503),
    },
  },
})
const router = createSiteRouter(client)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <PreferencesProvider>
        <Theme>
          <ClockProvider>
            <RouterProvider router={router} />
          </ClockProvider>
        </Theme>
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
)
