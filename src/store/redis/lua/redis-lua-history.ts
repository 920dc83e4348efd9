/**
 * The history of a document is a list of its records in order of revision, without gaps; the oldest go. So the newest entry
 * tells the revision of each. The functions below are used by the one that commits (extents), or read.
 */
export const LUA_HISTORY = `
local function revision_of(record)
  return tonumber(string.match(record, '^%d+'))
end

-- The first revision of a history that is to be kept, and the bytes from there on: what the last commit noted beside the
-- blame. Where an older release made that commit nothing is noted: then the newest revisions that fit, one less than are kept.
local function extent_before(history, blame, before, revision, revisions, most)
  local version, from, bytes = string.match(redis.call('GETRANGE', blame, 0, 199), '^([^\\n]*)\\n(%d+) (%d+)\\n')
  if version == before then return tonumber(from), tonumber(bytes) end
  from, bytes = revision, 0
  while revision - from < revisions - 1 do
    local entry = redis.call('LINDEX', history, from - revision - 1)
    if not entry or entry == '' or bytes + #entry > most then break end
    from, bytes = from - 1, bytes + #entry
  end
  return from, bytes
end

-- The same once a revision of so many bytes has been added, and how many of the oldest entries go: some with each commit.
local function extent_after(history, from, bytes, revision, size, revisions, most)
  local first = revision - redis.call('LLEN', history)
  from, bytes = math.max(from, first), bytes + size
  local last = math.min(revision, from + TRIM_PER_COMMIT)
  while from < last and (revision - from >= revisions or bytes > most) do
    local entry = redis.call('LINDEX', history, from - first)
    from, bytes = from + 1, bytes - (entry and #entry or 0)
  end
  return from, bytes, math.min(from - first, TRIM_PER_COMMIT)
end
`;

export const LUA_HISTORY_READS = `
-- The revision of a history's first entry, and that of the last; nil: there is none. An empty entry stands for one that is lost.
local function history_bounds(history)
  local newest = redis.call('LINDEX', history, -1)
  if not newest then return nil end
  local last = revision_of(newest)
  local length, lost = redis.call('LLEN', history), 0
  while redis.call('LINDEX', history, lost) == '' do lost = lost + 1 end
  return last - length + 1, last, last - length + 1 + lost
end

-- keys: tree history; args: the revision below which to begin, how many, bytes. Newest first.
local function history(keys, args)
  local tree, found, left = redis.call('GET', keys[1]), {}, tonumber(args[3])
  local first, last, oldest = history_bounds(keys[2])
  if not first then return {tree, found} end
  for revision = math.min(last, tonumber(args[1]) - 1), oldest, -1 do
    local entry = #found < tonumber(args[2]) and redis.call('LINDEX', keys[2], revision - first) or ''
    left = left - #entry
    if entry == '' or (left < 0 and #found > 0) then break end
    found[#found + 1] = entry
  end
  return {tree, found, number(oldest)}
end

-- keys: tree history; args: the revision to begin with, how many. Oldest first.
local function writes(keys, args)
  local tree = redis.call('GET', keys[1])
  local first, _, oldest = history_bounds(keys[2])
  if not first then return {tree, {}} end
  local at = math.max(tonumber(args[1]), oldest) - first
  return {tree, redis.call('LRANGE', keys[2], at, at + tonumber(args[2]) - 1)}
end
`;
