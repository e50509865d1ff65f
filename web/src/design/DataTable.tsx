import { useQuery, type UseQueryOptions } from '@tanstack/react-query'
import { Input, Pagination, Select, Table } from 'antd'
import type { Key, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Query } from '../api/client'
import type { Page } from '../api/types'
import { AgeBadge } from './AgeBadge'
import { ExportButtons } from './ExportButtons'
import { instantText } from './format'
import { StateView } from './StateView'
import { useNarrow } from './useNarrow'
import { useUrlState } from './urlState'

export interface Column<R> {
  key: string
  title: string
  cell: (row: R) => ReactNode
  sortable?: boolean
  right?: boolean
  width?: number
  /** Widest it may be [rem]; what is longer goes on in the next line. */
  wrap?: number
}

/** `standard` is what holds where nothing is chosen; then something always is. */
export interface Filter { key: string; label: string; options: { value: string; label: string }[]; standard?: string }

interface Props<R> {
  label: string
  columns: Column<R>[]
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the key's type is the query's own business
  query: (query: Query) => UseQueryOptions<Page<R>, Error, Page<R>, any>
  rowKey: (row: R) => string
  empty: string
  exportPath?: string
  filters?: Filter[]
  search?: string
  /** Parameters given by the page, not by the table's own controls. */
  fixed?: Query
  size?: number
  selection?: { keys: string[]; onChange: (keys: string[]) => void }
  /** Tells how old the rows are, on a page that does not. */
  aged?: boolean
}

/** Rows of an API list: filter, sort and paging live in the address; export comes from the server; cards on a phone. */
export function DataTable<R>({ label, columns, query, rowKey, empty, exportPath, filters = [], search, fixed = {}, size = 20, selection, aged }: Props<R>) {
  const { t } = useTranslation()
  const narrow = useNarrow()
  const [state, setState] = useUrlState()
  const page = Number(state.page ?? 1)
  const chosen = Object.fromEntries(filters.map(({ key }) => [key, state[key]]))
  const asked: Query = { ...fixed, ...chosen, q: (search && state.q) || fixed.q, sort: state.sort, page, size }
  const answer = useQuery(query(asked))
  return (
    <div className="data-table">
      <div className="toolbar">
        {search && <Input.Search key={state.q ?? ''} className="toolbar-search" placeholder={search} aria-label={search} defaultValue={state.q} allowClear onSearch={(q) => setState({ q: q || undefined, page: undefined })} />}
        {filters.map((filter) => (
          <Select
            key={filter.key} className="toolbar-filter" allowClear={!filter.standard} placeholder={filter.label} aria-label={filter.label} value={state[filter.key] ?? filter.standard}
            options={filter.options} onChange={(value?: string) => setState({ [filter.key]: value === filter.standard ? undefined : value, page: undefined })}
          />
        ))}
        {narrow && <SortBy columns={columns} sort={state.sort} onSort={(sort) => setState({ sort, page: undefined })} />}
        {exportPath && <ExportButtons path={exportPath} query={asked} />}
      </div>
      <StateView query={answer} height={320} empty={(data) => (data.total === 0 ? empty : null)}>
        {(data) => (
          <>
            {narrow ? <Cards columns={columns} rows={data.rows} rowKey={rowKey} label={label} /> : (
              <Wide columns={columns} rows={data.rows} rowKey={rowKey} label={label} sort={state.sort} selection={selection} onSort={(sort) => setState({ sort, page: undefined })} />
            )}
            {data.total > size && (
              <Pagination
                className="pager" simple={narrow} current={page} pageSize={size} total={data.total} showSizeChanger={false} align="end"
                showTotal={narrow ? undefined : (total) => t('table.total', { total })} onChange={(next) => setState({ page: next === 1 ? undefined : String(next) })}
              />
            )}
          </>
        )}
      </StateView>
      {aged && answer.data?.as_of && <p className="page-as-of table-as-of">{t('data.as_of', { time: instantText(answer.data.as_of) })} <AgeBadge at={answer.data.as_of} /></p>}
    </div>
  )
}

interface RowsProps<R> { columns: Column<R>[]; rows: R[]; rowKey: (row: R) => string; label: string }
interface WideProps<R> extends RowsProps<R> { sort?: string; onSort: (sort: string | undefined) => void; selection?: { keys: string[]; onChange: (keys: string[]) => void } }

function Wide<R>({ columns, rows, rowKey, label, sort, onSort, selection }: WideProps<R>) {
  const { t } = useTranslation()
  return (
    <Table<R & object>
      aria-label={label}
      dataSource={rows as (R & object)[]}
      rowKey={rowKey}
      pagination={false}
      size="middle"
      scroll={{ x: 'max-content' }}
      rowSelection={selection && { selectedRowKeys: selection.keys, columnTitle: <span className="sr-only">{t('table.choose')}</span>, onChange: (keys: Key[]) => selection.onChange(keys.map(String)) }}
      onChange={(_page, _filters, sorter) => onSort(sortText(sorter as { columnKey?: Key; order?: string | null }))}
      columns={columns.map(({ key, title, cell, sortable, right, width, wrap }) => ({
        key, title, width, sorter: sortable, align: right ? ('right' as const) : undefined,
        sortOrder: sort === key ? ('ascend' as const) : sort === `-${key}` ? ('descend' as const) : null,
        render: (_: unknown, row: R) => (wrap ? <div className="cell-wrap" style={{ maxWidth: `${wrap}rem` }}>{cell(row)}</div> : cell(row)),
      }))}
    />
  )
}

/** What the heads of the columns do where there is room for them. */
function SortBy<R>({ columns, sort, onSort }: { columns: Column<R>[]; sort: string | undefined; onSort: (sort: string | undefined) => void }) {
  const { t } = useTranslation()
  const options = columns.filter(({ sortable }) => sortable).flatMap(({ key, title }) => [
    { value: key, label: t('table.ascending', { column: title }) },
    { value: `-${key}`, label: t('table.descending', { column: title }) },
  ])
  if (options.length === 0) return null
  return <Select className="toolbar-filter" allowClear placeholder={t('table.sort')} aria-label={t('table.sort')} value={sort} options={options} onChange={onSort} />
}

function Cards<R>({ columns, rows, rowKey, label }: RowsProps<R>) {
  const [first, ...rest] = columns
  return (
    <ul className="row-cards" aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)}>
          <div className="row-title">{first?.cell(row)}</div>
          <dl>
            {rest.map((column) => {
              const cell = column.cell(row)
              return cell !== null && <div key={column.key}><dt>{column.title}</dt><dd>{cell}</dd></div>
            })}
          </dl>
        </li>
      ))}
    </ul>
  )
}

const sortText = ({ columnKey, order }: { columnKey?: Key; order?: string | null }): string | undefined =>
  order === 'ascend' ? String(columnKey) : order === 'descend' ? `-${String(columnKey)}` : undefined
