#!/bin/sh
# A complete Watchfloor agent in shell: it asks whether it may write FILE, and writes it if a person approves.
# Usage: shell_agent.sh FILE      Environment: WATCHFLOOR_BROKER, WATCHFLOOR_SITE, AGENT, RUN, DECIDE_WITHIN (seconds)
# Exit code: 0 the file was written, 3 it was not and must not be, 2 no FILE was named, 1 something is broken.
# It cannot check signatures, so the broker's ACL must let nobody but the supervisor write its commands.
[ $# -eq 1 ] || { echo "usage: shell_agent.sh FILE" >&2; exit 2; }
file=$1
case $file in *[!A-Za-z0-9/._-]*) echo "FILE may hold A-Z a-z 0-9 / . _ - only" >&2; exit 1 ;; esac
broker=${WATCHFLOOR_BROKER:-mqtt://127.0.0.1:1883} root=watchfloor/v1/${WATCHFLOOR_SITE:-local}
me=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n') # the incarnation, and the connection: there is one only
agent=${AGENT:-shell} run=${RUN:-run-$me} within=${DECIDE_WITHIN:-60}
seq=0 stored=0 order=0 epoch='' open='' stopped='' decision='' outcome='' listen='' beat=''
dir=$(mktemp -d) && mkfifo "$dir/heard" || exit 1
trap 'kill $listen $beat 2>/dev/null; rm -r "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# The exact call, in RFC 8785 form: names sorted, no spaces. A decision is bound to the SHA-256 of these bytes.
args="{\"content\":\"written by $run\",\"path\":\"$file\"}"
digest=$(printf '{"args":%s,"tool":"write_file"}' "$args" | sha256sum | cut -c 1-64)

pub() { topic=$1; shift; mosquitto_pub -L "$broker/$root/agents/$agent/$topic" -q 1 "$@"; }
status() { # WORD
  printf '{"status":"%s","incarnation":"%s","connection":"%s","sdk":"shell","runs":[%s]}' "$1" "$me" "$me" \
    "{\"run\":\"$run\",\"seq\":$seq,\"first\":1,\"open\":[$open]}"
}
emit() { # TYPE DATA: number an event, keep it until it is stored, send it
  seq=$((seq + 1))
  printf '{"specversion":"1.0","id":"%s.%d","source":"/agents/%s/runs/%s","type":"%s",' \
    "$me" "$seq" "$agent" "$run" "$1" >>"$dir/spool"
  printf '"incarnation":"%s","seq":%d,"data":%s}\n' "$me" "$seq" "$2" >>"$dir/spool"
  tail -n 1 "$dir/spool" | pub "events/$run" -l || exit 1
}
answer() { emit "command.$1" "{\"command\":\"$id\"${2:+,\"reason\":\"$2\"}}"; }
get() { # NAME: the first such field of $line into $v, a plain number or word
  case $line in *"\"$1\":"*) v=${line#*"\"$1\":"} v=${v#\"} v=${v%%[!A-Za-z0-9_.-]*} ;; *) v= ;; esac
}
hear() { # take one message; fails when the time is over or the broker is gone
  read -r line <&3 || return 1
  get epoch; from=$v; get id; id=$v
  case $line in
    '{"type":'*) [ "$from" = "$epoch" ] || return 0 ;; # the word of an earlier supervisor is void
    *'"status":"up"'*) [ "$from" = "$epoch" ] || { epoch=$from; pub status -r -m "$(status online)"; } ;;
  esac
  get run; [ "${v:-$run}" = "$run" ] || return 0
  case $line in
    '{"type":"stored"'*) get "$run"; stored=${v:-$stored} ;;
    '{"type":"resend"'*) get after; tail -n "+$((v + 1))" "$dir/spool" | pub "events/$run" -l ;;
    '{"type":"refused"'*"$me"*) echo "refused: $line" >&2; exit 1 ;;
    '{"type":"pause"'* | '{"type":"hold"'*) steer yes ;;
    '{"type":"resume"'*) steer '' ;;
    '{"type":"kill"'*) answer acknowledged; answer effective; outcome=killed ;;
    '{"type":"decision"'*) get action; [ "$v" != write ] || decide ;;
  esac
}
steer() { # YES or nothing: stop, or go on; of two such commands the one with the higher order counts
  answer acknowledged; get order
  if [ "${v:-0}" -lt "$order" ]; then answer refused "a later one was taken"
  else order=${v:-0} stopped=$1; answer effective; fi
}
decide() {
  get outcome; said=$v; get digest; now=$(date +%s)
  if [ "$said" = approved ] && [ "$v" != "$digest" ]; then answer refused "not the digest of what I proposed"
  elif [ "$said" = approved ] && [ $((now - asked)) -gt "$within" ]; then answer refused "too late"; outcome=expired
  elif [ "$said" = approved ]; then answer acknowledged; decision=$id approved=$now # begun below, unless stopped
  elif [ "$said" = edited ]; then answer refused "my arguments are fixed"; outcome=refused
  else answer acknowledged; answer effective; outcome=$said; fi
}

# One connection listens, carries the will, and ends by itself: the supervisor gets five seconds to say `expired` first.
mosquitto_sub -L "$broker/$root/agents/$agent/commands" -t "$root/supervisor/state" -q 1 -W $((within + 5)) \
  --will-topic "$root/agents/$agent/status" --will-payload "$(status lost)" --will-qos 1 --will-retain \
  >"$dir/heard" & listen=$!
exec 3<"$dir/heard"
until [ "$epoch" ]; do hear || { echo "no supervisor" >&2; exit 1; }; done # subscribed, announced
(trap 'exit' TERM; while kill -0 $$; do pub status -m "$(status alive)"; sleep 5 & wait $!; done) >/dev/null 2>&1 & beat=$!

emit run.started "{\"goal\":\"write $file\",\"agent_version\":\"shell-1\"}"
open='"write"' asked=$(date +%s)
emit action.proposed "{\"action\":\"write\",\"tool\":\"write_file\",\"args\":$args,\"digest\":\"$digest\",\"decide_within\":$within}"
until [ "$outcome" ] || { [ "$decision" ] && [ ! "$stopped" ]; }; do hear || outcome=expired; done
open='' id=$decision
if [ "$decision" ] && [ ! "$outcome" ] && [ $(($(date +%s) - approved)) -ge 60 ]; then outcome=expired; fi
if [ "$decision" ] && [ "$outcome" ]; then answer refused "$outcome before it was begun"
elif [ "$decision" ]; then
  emit action.started "{\"action\":\"write\",\"digest\":\"$digest\",\"decision\":\"$decision\"}"
  answer effective
  if printf 'written by %s' "$run" >"$file"; then outcome='done'; else outcome=failed; fi
fi
case $outcome in superseded | canceled) outcome=withdrawn ;; esac
emit action.finished "{\"action\":\"write\",\"outcome\":\"$outcome\"}"
case $outcome in done) end=completed ;; failed | killed | rejected) end=$outcome ;; *) end=canceled ;; esac
emit run.finished "{\"outcome\":\"$end\"}"
until [ "$stored" -ge "$seq" ]; do hear || { echo "not known to be recorded" >&2; exit 1; }; done
kill "$beat"; wait "$beat"
pub status -r -m "$(status stopped)"
[ "$end" = completed ] || { echo "not written: $end" >&2; exit 3; }
