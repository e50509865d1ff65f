import type { zh } from './zh'

export const en: typeof zh = {
  service: { all: 'All', electricity: 'Electricity', water: 'Water', gas: 'Gas', heat: 'Heat' },
  severity: { info: 'Note', warning: 'Attention', critical: 'Urgent' },
  quality: { name: 'Quality', measured: 'Measured', estimated: 'Estimated', missing: 'Missing', not_expected: 'Not planned', suspect: 'Suspect', edited: 'Corrected by hand' },
  role: { resident: 'Resident', operator: 'Metering operator', company: 'Billing company', cashier: 'Cashier', admin: 'Administrator' },
  data: { none_yet: 'No data yet', estimated_share: '{{share}}% estimated', just_now: 'just now', late: 'late', as_of: 'As of {{time}}' },
  state: {
    loading: 'Loading', retry: 'Try again', failed: 'This page failed.', failed_remedy: 'Try again; if it goes on, tell the administrator.', help: 'About this page', close: 'Close', no_page: 'There is no such page, or you may not see it.',
  },
  chart: { as_table: 'As table', as_picture: 'As chart', more_rows: 'Show more ({{count}} rows left)' },
  table: { export: 'Export {{format}}', total: '{{total}} rows', choose: 'Choose' },
  time: {
    range: 'Time range', span: 'Span', day: 'Day', week: 'Week', month: 'Month', year: 'Year', back: 'Earlier', forward: 'Later', date: 'Date', week_of: 'Week of {{day}}', time: 'Time', compare: 'Compare',
    compare_none: 'No comparison', compare_before: 'With the period before', compare_last_year: 'With last year', from_to: '{{start}} to {{end}}', week_letters: ['S', 'M', 'T', 'W', 'T', 'F', 'S'],
    month_names: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  },
  confirm: { cancel: 'Cancel', reason: 'Reason', reason_hint: 'At least 4 characters; kept for audit', password: 'Your password', understood: 'I have read the effect above and want this done' },
  shell: {
    skip: 'Skip to content', start: 'Home', brand: 'Metropool', pages: 'Pages', tabs: 'Main pages', household: 'Switch household', large: 'Large text', sign_out: 'Sign out', password: 'Change password',
    clock: '{{plan}} · {{time}}{{speed}}',
  },
  nav: {
    refunds: 'Refunds', today: 'Home', bills: 'Bills', usage: 'Usage', pay: 'Pay', map: 'City map', collection: 'Collection', meters: 'Meters', alarms: 'Alarms', commands: 'Read and control', company_bills: 'Company bills',
    topology: 'Topology', users: 'Users', health: 'Health',
  },
  login: {
    title: 'Sign in', promise: 'Electricity, water and gas on one bill', about: 'One metering system reads your three meters, three companies bill, and you see one bill and pay once.', name: 'User name', password: 'Password', enter: 'Sign in',
  },
  password: { title: 'Change password', first: 'This is your first sign-in: set a password of your own.', current: 'Current password', new: 'New password (at least {{count}} characters)', again: 'New password again', save: 'Save' },
  today: {
    help: 'First what is due and when, then whether anything is wrong, then what you have used today. Beside each number stands how old it is.', due: 'Amount due', nothing_due: 'Nothing is due', no_bill_yet: 'No bill has been issued yet; the first comes after the billing period ends.',
    due_by: 'Due by {{date}}', due_today: 'Due today', days_left: '{{count}} days left', days_left_one: '{{count}} day left', overdue: '{{count}} days overdue', overdue_one: '{{count}} day overdue', pay: 'Pay', see_bill: 'See the bill', alerts: 'Needs attention', all_well: 'All is well, nothing needs attention',
    so_far: 'Today so far', more_of: '{{service}} usage', yesterday: 'Same time yesterday {{value}}',
  },
  bill: {
    name: 'Combined bill', title: 'Combined bill {{month}}', help: 'First who, where, how much, until when and how to pay; then how it was worked out; then how it has changed.', all: 'All bills', none_yet: 'There is no bill yet.', month: 'Month', number: 'Bill number',
    account: 'Combined account', period: 'Period', issued_at: 'Issued', due_date: 'Due date', due_by: 'Due by {{date}}', pay_all: 'Pay all', state_name: 'State', total: 'Total', paid: 'Paid', amount: 'Amount',
    against_last_month: 'Against last month', against_last_year: 'Against last year', estimated_reads: 'Estimated reads', all_actual: 'All were read', of_reads: '{{count}} of {{total}} meters', nothing_to_compare: 'Nothing to compare with',
    three_accounts: 'Three accounts', account_number: 'Account number', meter_number: 'Meter number', previous_register: 'Previous register', present_register: 'Present register', exchanged: 'Meter exchanged', taken_out: 'taken out {{date}}', quantity: 'Quantity', tariff: 'Tariff', than_last_month: '{{change}} on last month',
    than_last_year: '{{change}} on last year', worked_out: 'How it was worked out', lines_of: 'Lines of the {{service}} bill', line: 'Item', price: 'Price', part_total: 'Subtotal', version: 'version {{version}}', ask: 'Question this', ask_about: 'Question about: {{line}}',
    your_question: 'Your question', send_question: 'Send', question_note: 'The company that issued the bill answers. The due date stays as it is.', questions: 'Your questions', answer_by: 'Answer by {{date}}', question_state: { received: 'Received', answered: 'Answered' },
    thirteen_months: 'Thirteen months', thirteen_months_label: 'Thirteen months of cost, one colour a medium; hatched is estimated', why: 'Why it changed', why_label: 'Waterfall from last month’s total to this month’s', cause: 'Cause', change: 'Change',
    state: { open: 'Open', part_paid: 'Partly paid', paid: 'Paid', overdue: 'Overdue', replaced: 'Replaced by a newer version' },
  },
  usage: {
    title: 'Usage', help: 'One time picker drives the page; compare with the period before or with last year; a bar of a month or a year leads on to its day or month.', medium: 'Medium', measure: 'Measure', no_data: 'No readings from {{start}} on: not collected yet, or the meter was not there.', total: 'Total', cost: 'Cost', peak: 'Peak',
    at: 'at {{time}}', base_load: 'Base load at night', base_load_note: 'Median of 02:00–05:00', compared: 'Compared (from {{start}})', chart_day: 'Load profile of the day', chart_week: 'Hours of the week', chart_month: 'Days of the month', chart_year: 'Months of the year',
    chart_label: 'Usage of {{service}}, {{start}} to {{end}}', no_measure: 'This cannot be said for this period.', hatched: 'Dashed or hatched is estimated.', drill: 'Click a bar for its detail.', earlier: 'Compared', calendar: 'Calendar {{year}}', calendar_label: 'Daily usage of {{service}} in {{year}} as a heat map', no_year: 'No data in {{year}}.',
  },
  pay: {
    title: 'Pay', help: 'One payment settles all; the system splits it by bill among the three companies. You may also pay one company alone.', nothing: 'Nothing is due.', open: 'A payment is waiting for its result ({{reference}})', see_it: 'See the result', split: 'What you pay', alone: 'Only this one', and: ', ', late_fee: 'With late fee',
    channel: 'Pay with', payable: 'To pay', go: 'Go and pay', leaves: 'You go to the payment channel and come back here for the result.', earlier: 'Earlier payments', none_yet: 'There are no payments yet.', result: 'Payment', receipt: 'Receipt {{number}}', back_to_channel: 'Back to the channel',
    try_again: 'Pay again', done: 'To home', split_done: 'Split among the companies', reference: 'Payment reference', channel_reference: 'Channel reference', created_at: 'Started', paid_at: 'Received', refunded: 'Refunded',
    state: { pending: 'Waiting for the channel', succeeded: 'Paid', failed: 'Failed', expired: 'Expired', refunded: 'Refunded', part_refunded: 'Partly refunded' },
    means: {
      pending: 'The payment channel has not told the result yet. This page updates by itself; do not pay twice.', succeeded: 'The money has arrived and the three companies have been told.', failed: 'No money was taken; the bill is still open.', expired: 'It was not paid in time; no money was taken.',
      refunded: 'All of it went back the way it came.', part_refunded: 'Part of it went back the way it came.',
    },
  },
  map: {
    title: 'City map', help: 'First collection, loss and alarms; click an area for its detail and on to its meters. The map has a table with the same content.', label: 'City map: districts, communities, lines, pipes and terminals', picture: 'Map', as_map: 'As map', no_map: 'No geography of the city has been loaded yet.', layers: 'Layers', shade: 'Colour by', load: 'Load now', energy_today: 'Used today',
    collection_rate: 'Collection rate', loss_rate: 'Loss rate', open_alarms: 'Open alarms', silent_terminals: 'Silent terminals', waiting_commands: 'Commands under way', of_terminals: 'of {{count}}', of_meters: '{{total}} meters', meters_silent: '{{total}}, {{silent}} silent',
    to_meters: 'Its meters', to_meter: 'The meter', to_collection: 'Its collection', no_alarms: 'No open alarms', terminals: 'Terminals', name: 'Name', layer_name: 'Kind', medium: 'Medium', value: 'Value', alarms: 'Alarms', state_name: 'State',
    state: { good: 'Good', late: 'Late', bad: 'Bad', unknown: 'Unknown' }, shade_by: { state: 'By state', collection_rate: 'By collection rate', value: 'By load' },
    layer: { district: 'Districts', community: 'Communities', supply_area: 'Transformer districts', line: 'Lines', pipe: 'Pipes', terminal: 'Terminals', home: 'Customers', water_body: 'Water', label: 'Names' },
  },
  collection: {
    title: 'Collection', help: 'Was all that was planned also read and stored; which terminal on which day was not. Click a cell to find its terminal, blank is not planned; gaps can be re-collected.', item: 'Item', items: { all: 'All', interval: 'Profiles (15 min)', daily: 'Daily freezes', monthly: 'Monthly freezes' }, nothing_planned: 'Nothing was planned in this period.', late: 'Late', late_note: 'arrived after their time',
    heat: 'Success rate by day and terminal', heat_label: 'Daily collection success of each terminal, {{start}} to {{end}}', funnel: 'From planned to stored', stage: { planned: 'Planned', reached: 'Reached', read: 'Read', stored: 'Stored' }, terminals: 'Terminals', missing: 'Missing', no_terminals: 'No terminal fits.', recollect: 'Re-collect',
    recollect_all: 'Re-collect all gaps ({{count}})', recollect_chosen: 'Re-collect chosen ({{count}})', recollect_effect: 'Asks {{count}} terminals again for what is missing from {{start}} to {{end}}. It uses the channel; readings already stored do not change.', recollecting: '{{count}} tasks are under way ({{job}})',
  },
  terminal: { name: 'Terminal', address: 'Address', protocol: 'Protocol', meters: 'Meters', state_name: 'State', last_seen: 'Last heard', search: 'Name or address', state: { online: 'Online', silent: 'Silent', never_seen: 'Never seen' } },
  exchange: {
    action: 'Exchange the meter', title: 'Exchange meter {{number}}', correction_of: 'Correct the exchange of meter {{number}}', effect: 'The old meter ends and the new one begins at this time. Days from then on are sealed again, and bills use the registers of both meters.', at: 'Exchanged at', at_hint: 'Business time, not in the future', old: 'Old meter', final: 'Final register of the old meter', last: 'Last known: {{value}} at {{at}}',
    read_now: 'Read it now', read_reason: 'Final register for a meter exchange', not_read: 'The meter did not answer. Type what it shows.', new: 'New meter', protocol: 'Protocol', address: 'Communication address', point: 'Measuring point', point_hint: 'Empty: the next free one of the terminal', start: 'Start register of the new meter', reason: 'Reason', by: 'Recorded by', state: 'Version',
    save: 'Record the exchange', save_correction: 'Record the correction', correct: 'Correct', version: 'Version {{number}}', replaced: 'Version {{number}}, replaced', history: 'Meters of this usage point', none: 'No meter was exchanged here.', now: 'now', source: { read: 'read on demand', typed: 'typed' },
  },
  meter: {
    title: 'Meter {{number}}', help: 'The register above, the load profile below; upright lines are events. Read on demand and control at the top right.', number: 'Meter number', address: 'Address', area: 'Area', model: 'Model', state_name: 'State', register: 'Register', last_read: 'Last read', search: 'Meter, account or address', none: 'No meter fits.', show_all: 'Show all',
    only_of: 'Only {{name}}', channel: 'Channel', clock_limit: 'Allowed: {{limit}} s', clock: { right: 'Right', off: 'Off', no_time: 'No time', unknown: 'Not read yet' }, compare_neighbour: 'Compare to a neighbour meter', neighbour: 'Neighbour meter', neighbour_of: 'Neighbour {{number}}', no_comparison: 'End comparison', no_neighbour: 'No other meter of this service near by', day_beside: 'Day: this meter · {{number}} · difference', clock_drift: 'Clock drift', never_confirmed: 'never confirmed', guaranteed: 'Supply guaranteed', curve: 'Register and load profile', curve_label: 'Register and load profile of meter {{number}}, {{start}} to {{end}}', no_curve: 'No readings in this period.', load: 'Load', what: 'What', now: 'Latest measures and record',
    multiplier: 'Multiplier', installed_on: 'Installed', usage_point: 'Usage point', orders: 'Latest commands', no_orders: 'No command has been sent yet.', events: 'Events', no_events: 'No events in this period.', switch: { relay: 'Supply', valve: 'Valve' }, supply: { on: 'Supplied', off: 'Cut off', unknown: 'Unknown' },
    state: { normal: 'Normal', silent: 'Silent', off: 'Cut off', fault: 'Fault', exchanged: 'Exchanged' },
  },
  event: { at: 'When', name: 'Event', code: 'Code', detail: 'Detail', received_at: 'Received' },
  alarm: { name: 'Alarm', severity: 'Severity', at: 'When', state_name: 'State', where: 'Where', none: 'There are no alarms.', state: { open: 'Open', closed: 'Closed' } },
  command: {
    help: 'Every command has a reason, an expiry and a confirmed end. “Unknown” means it may have happened: go and look.', timeline: 'What happened', order: 'The order', all: 'All commands', what: 'Command', state_name: 'State', by: 'By', by_two: '{{first}}, approved by {{second}}', created_at: 'Ordered', expires_at: 'Expires', ordered_by: 'Ordered by', approved_by: 'Approved by',
    result: 'What was read', answered_rate: 'Answered', median: 'Median time to answer', waiting: 'Under way', none: 'There are no commands.', second_person: 'Another person must approve before it is sent; valid for {{minutes}} minutes.', effect_unknown: 'The effect is not known yet, so nothing can be ordered.', not_allowed: 'This is not allowed now.', approve: 'Approve and send',
    reject: 'Reject', cancel: 'Cancel the order', nothing_sent: 'Nothing will be sent; supply stays as it is.', another_person: 'Another person must approve',
    kind: { read_on_demand: 'Read now', disconnect: 'Disconnect', reconnect: 'Reconnect', close_valve: 'Close valve', open_valve: 'Open valve', synchronize_clock: 'Set clock' },
    state: { awaiting_approval: 'Awaiting approval', queued: 'Queued', sent: 'Sent', answered: 'Answered', finished: 'Finished' },
    step: { ordered: 'Ordered', approved: 'Approved', rejected: 'Rejected', queued: 'Queued', sent: 'Sent', answered: 'Answered', read_back: 'Read back', finished: 'Finished', cancelled: 'Cancelled' },
    outcome: { done: 'Done', refused: 'Refused', expired: 'Expired', unknown: 'Unknown' },
    outcome_means: { done: 'Confirmed by reading back.', refused: 'The device or the second person refused; nothing was done.', expired: 'Not sent in time; nothing was done.', unknown: 'It may have happened: go and look.' },
  },
  company: {
    title: 'Bills of {{company}}', bill: 'Bill {{number}}', help: 'What this company has billed in the month and what of it is paid; the ledger must sum to zero.', customer: 'Customer', no_bills: 'There are no bills in this month.', search: 'Bill, account or name', reads: 'Reads', bills: 'Bills', estimated: '{{count}} estimated', billed: 'Billed', before: 'Before', blocked: 'Blocked', ledger: 'Ledger', balanced: 'Balanced', unbalanced: 'Not balanced',
    version: 'Version', exact: 'Exact', payments: 'Payments', no_payments: 'No payment yet.', provenance: 'Computed from', snapshot: 'Readings snapshot', installation: 'Installation version', rules: 'Rules version',
  },
  topology: {
    title: 'Topology · {{plan}}', help: 'From left to right is who feeds whom; control is drawn below. Click a line for its messages. What the plan does not list is refused.', label: 'Systems and data flows', picture: 'Systems', empty: 'No plan has been compiled.', systems: 'Systems running', in_plan: '{{count}} in the plan', per_minute: 'Messages a minute', delay: 'Longest delay', refused: 'Refused', silent: 'Silent links',
    row: 'Row', from: 'From', to: 'To', messages: 'Messages', state_name: 'State', delivered: 'Delivered', last: 'Last', row_of: 'Row {{row}}', last_messages: 'Last messages (masked)', no_messages: 'Nothing has passed yet.', rows: '{{count}} rows', rows_one: '{{count}} row',
    edge: { flowing: 'Flowing', idle: 'Idle', silent: 'Silent', refused: 'Refused', not_run: 'Not run' }, node: { up: 'Up', silent: 'Silent', down: 'Down', not_run: 'Not run' }, message: { delivered: 'Delivered', waiting: 'Waiting', refused: 'Refused', parked: 'Parked' },
    and: ', ', hosts_of: '{{capability}} ({{of}})', of: { electricity: 'electricity', water: 'water', gas: 'gas', heat: 'heat', home: 'homes', community: 'communities', building: 'buildings', city: 'city' },
    capability: {
      metering: 'Metering', billing: 'Billing', settlement: 'Settlement', sharing: 'Data pool', notices: 'Notices', alarms: 'Alarms', insight: 'Insight', carbon: 'Carbon', charging: 'Charging', response: 'Demand response', places: 'Places', service: 'Customer service',
    },
    provenance: { paper: 'From the reference architecture', inferred: 'Inferred from it', product: 'Added by the product' },
  },
  refund: {
    help: 'One person asks and another decides before money goes back the way it came. Asking and deciding is done with the command “metropool refund”; this page only shows.', none: 'There are no refunds.', payment: 'Payment', amount: 'Refund', payment_amount: 'Of a payment of', reason: 'Reason', asked: 'Asked', decided: 'Decided', channel: 'Channel', state_name: 'State',
    state: { asked: 'To be decided', ordered: 'Being given back', done: 'Given back', rejected: 'Rejected' },
  },
  users: { name: 'Name', roles: 'Roles', system: 'System', last_sign_in: 'Last sign-in', state: 'State', open: 'Open', locked_until: 'Locked until {{time}}', unlock: 'Unlock', none: 'There are no users.', search: 'User or name' },
  health: { up: 'Up', degraded: 'Degraded', down: 'Down' },
}
