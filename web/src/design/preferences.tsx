import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import i18n, { type Language } from '../texts'

interface Preferences {
  language: Language
  setLanguage: (language: Language) => void
  large: boolean
  setLarge: (large: boolean) => void
}

const Context = createContext<Preferences | null>(null)

/** Language and large text of this browser. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(i18n.language as Language)
  const [large, setLarge] = useState(localStorage.getItem('metropool.large') === 'yes')
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
    localStorage.setItem('metropool.language', language)
    void i18n.changeLanguage(language)
  }, [language])
  useEffect(() => {
    document.documentElement.dataset.text = large ? 'large' : 'normal'
    localStorage.setItem('metropool.large', large ? 'yes' : 'no')
  }, [large])
  const value = useMemo(() => ({ language, setLanguage, large, setLarge }), [language, large])
  return <Context.Provider value={value}>{children}</Context.Provider>
}

export function usePreferences(): Preferences {
  const value = useContext(Context)
  if (!value) throw new Error('usePreferences outside its provider')
  return value
}

/** The sentence of a text the server sends in both languages. */
export function usePick(): (text: { zh: string; en: string } | null | undefined) => string {
  const { language } = usePreferences()
  return useCallback((text) => (text ? text[language] : ''), [language])
}
