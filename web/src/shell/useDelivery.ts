import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { change, newIntention } from '../api/client'
import { noticesWaitingQuery, PLATFORM } from '../api/queries'
import type { NoticesWaiting, NoticeStub, Session } from '../api/types'

/** What has come to this app is said to have come; the publisher sees it as delivered. */
export function useDelivery(session: Session | null | undefined): void {
  const { account = session?.households[0] ?? '' } = useParams({ strict: false })
  const client = useQueryClient()
  const news = noticesWaitingQuery(account)
  const { data } = useQuery({ ...news, enabled: !!session?.rights.includes('home.read') && account !== '', placeholderData: undefined })
  useEffect(() => {
    if (!data || data.waiting.length === 0) return
    // Not said now is said at the next look: nobody needs to hear that it failed.
    void give(account, data.waiting, false).then((next) => client.setQueryData(news.queryKey, next), () => undefined)
  }, [account, client, data, news.queryKey])
}

/** Say that editions have come to the app, and perhaps that they were opened. */
export function give(account: string, stubs: NoticeStub[], is_read: boolean): Promise<NoticesWaiting> {
  const receipts = stubs.map(({ office, id, edition }) => ({ office, id, edition, is_read }))
  return change<NoticesWaiting>('POST', `/${PLATFORM}/api/households/${encodeURIComponent(account)}/notices/receipts`, { receipts }, newIntention())
}
