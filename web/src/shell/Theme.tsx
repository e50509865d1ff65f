import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import updateLocale from 'dayjs/plugin/updateLocale'
import type { ReactNode } from 'react'
import { MUTED } from '../design/chartStyle'
import { usePreferences } from '../design/preferences'

dayjs.extend(updateLocale)
dayjs.updateLocale('en', { weekStart: 1 })

/**
 * Ant Design in the colours of the site and the size the reader chose.
 *
 * Nothing moves as it opens: a dialog or a list that grows into its place is elsewhere when a finger comes up than when it went down,
 * and then nobody is told of the click.
 */
export function Theme({ children }: { children: ReactNode }) {
  const { language, large } = usePreferences()
  dayjs.locale(language === 'zh' ? 'zh-cn' : 'en')
  const token = {
    colorPrimary: '#14545c', colorError: '#a5211a', colorInfo: '#14545c', colorLink: '#14545c', borderRadius: 10, fontFamily: 'var(--font)', fontSize: large ? 18 : 14,
    motion: false, controlHeight: large ? 44 : 36, colorText: '#1b2a33', colorTextPlaceholder: '#66757e', colorTextDescription: MUTED, colorTextDisabled: '#75838b',
  }
  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={{ token, components: { Segmented: { trackBg: '#e4ebed', itemColor: '#40505a' } }, cssVar: { key: 'metropool' } }} button={{ autoInsertSpace: false }}>
      {children}
    </ConfigProvider>
  )
}
