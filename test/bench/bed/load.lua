-- Cycles through the routes in turn and tells the result as one line of JSON; arguments: number of routes.
local requests = {}
local turn = 0

function init(args)
  for i = 1, tonumber(args[1]) do
    requests[i] = wrk.format("GET", string.format("/svc-%d/items", i - 1))
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'soaplane-bench {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,'
      .. '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
