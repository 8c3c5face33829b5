# The command on the line, if there is one already.
function __fish_tweet_exporter_needs_command
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if contains -- $word serve check plan login backfill simulator demo
            echo $word
            return 1
        end
    end
    return 0
end

function __fish_tweet_exporter_using_subcommand
    set -l cmd (__fish_tweet_exporter_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l web.listen-address -d 'Address to listen on, such as :10280, 127.0.0.1:10280, [::1]:10280 or unix:/run/tweet_exporter.sock; may be given more than once [default: :10280]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l web.config.file -d 'File with TLS, client certificates, users, headers and rate limit, in the format of Prometheus\' exporter-toolkit' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l web.telemetry-path -d 'Path of the metrics page [default: /metrics]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l shard -d 'Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md [default: 0/1]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l web.systemd-socket -d 'Listen on the sockets that systemd passes, instead of on addresses'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -l web.enable-lifecycle -d 'Let POST /-/reload have the configuration read again; SIGHUP always does'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -s V -l version -d 'Print version'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "serve" -d 'Read tweets and serve their numbers (the default)'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "check" -d 'Load the configuration and the watch list, start nothing; print all errors, or what would be watched'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "plan" -d 'Forecast requests, reads and US dollars of 30 days for this configuration; asks nobody and starts nothing'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "login" -d 'Allow the app to read for an account (OAuth 2.0, in the browser) and keep the tokens in its token file'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "backfill" -d 'Buy the past of an account\'s tweets by hours or days, and write it as OpenMetrics for promtool'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "simulator" -d 'Run a small fake X API for tests and trials'
complete -c tweet_exporter -n "__fish_tweet_exporter_needs_command" -f -a "demo" -d 'Run simulator and exporter in one process: no X account and no file needed'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l web.listen-address -d 'Address to listen on, such as :10280, 127.0.0.1:10280, [::1]:10280 or unix:/run/tweet_exporter.sock; may be given more than once [default: :10280]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l web.config.file -d 'File with TLS, client certificates, users, headers and rate limit, in the format of Prometheus\' exporter-toolkit' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l web.telemetry-path -d 'Path of the metrics page [default: /metrics]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l shard -d 'Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md [default: 0/1]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l web.systemd-socket -d 'Listen on the sockets that systemd passes, instead of on addresses'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -l web.enable-lifecycle -d 'Let POST /-/reload have the configuration read again; SIGHUP always does'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l web.config.file -d 'Check this web configuration, too' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l shard -d 'Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md [default: 0/1]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l format -d 'For people or for programs' -r -f -a "table\t''
json\t''"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l max-usd-per-month -d 'End with exit code 1 if 30 days cost more, in US dollars, all accounts together' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l new-tweets-per-day -d 'Tweets a day that each `watch.timeline` is assumed to find' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l shard -d 'Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md [default: 0/1]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l account -d 'Name of the account in the configuration' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -l no-browser -d 'Print the address only, open nothing'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l account -d 'Name of the account in the configuration' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l start -d 'From when on, RFC 3339, such as 2026-01-01T00:00:00Z' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l end -d 'Until when; only hours or days that are over by then are read' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l step -d 'Length of a bucket, by the UTC clock' -r -f -a "hour\t''
day\t''"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -s o -l output -d 'Where the history goes; until it is complete there is only FILE.part, from which the same command goes on' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l shard -d 'Read only this part of the watch list, the I-th (from 0) of N, with its part of every budget and rate limit; see docs/sharding.md [default: 0/1]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l lifetime -d 'Running totals as tweet_engagement besides, of tweets that were born inside the span'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -l force -d 'Replace the output if it is there already'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand backfill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l listen -d 'Address to listen on' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l seed -d 'Same seed, same ids, tokens and numbers' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l speed -d 'Simulated seconds per second; 0 stands still' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l epoch -d 'Moment from which the tweets\' ages count, RFC 3339 [default: now]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l tweets -d 'Further plain tweets of the first account' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand simulator" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l web.listen-address -d 'Address to listen on; may be given more than once [default: :10280]' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l seed -d 'Same seed, same numbers' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l speed -d 'Simulated seconds per second: a minute makes an hour; 0 stands still' -r
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l config.file -d 'Configuration file' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l state.path -d 'Folder for what must survive a restart: readings, books, rate limits, what was found; one exporter a folder' -r -F
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l log.level -d 'Least severe lines to log' -r -f -a "debug\t'Each change of a tweet\'s state, too'
info\t'What a person may want to know'
warn\t'What may need a person'
error\t'What needs a person'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -l log.format -d 'Format of the log' -r -f -a "logfmt\t'`time=… level=… msg=… key=value`'
json\t'One JSON object a line'"
complete -c tweet_exporter -n "__fish_tweet_exporter_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
