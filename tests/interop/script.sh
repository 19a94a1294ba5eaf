#!/usr/bin/env bash
# What operators do with mqadmin in their scripts: its output goes through awk, grep, sed and while-read. Run by
# script.rs with Apache's mqadmin and with rmq under that name; what it prints must be the same.
#
# NAMESRV_ADDR names the cluster, PREFIX begins the names of all that is made here.
set -u
CLUSTER=DefaultCluster

section() { printf '== %s\n' "$*"; }

# --- the cluster -----------------------------------------------------------------------------------------------

# Masters of a cluster as "name address", the way it is done in a hundred wikis.
masters() { mqadmin clusterList -n "$NAMESRV_ADDR" | awk -v c="$1" '$1 == c && $3 == 0 { print $2, $4 }'; }
master_addr() { masters "$CLUSTER" | awk 'NR == 1 { print $2 }'; }

section masters
masters $CLUSTER | awk '{ print NR ": " $1 }'
BROKER=$(master_addr)
BROKER_NAME=$(masters $CLUSTER | awk 'NR == 1 { print $1 }')
[ -n "$BROKER" ] && echo "there is a master"

section versions
mqadmin clusterList | awk 'NR > 1 && NF { print $2, $5 }' | sort -u
mqadmin CLUSTERLIST -n "$NAMESRV_ADDR" | grep -c "^$CLUSTER "

section clusters of a topic
mqadmin topicClusterList -t FixTopic | while read -r cluster; do echo "FixTopic is in $cluster"; done

# --- settings --------------------------------------------------------------------------------------------------

setting() { mqadmin getBrokerConfig -b "$BROKER" | awk -F= -v k="$1" '{ gsub(/ /, "") } $1 == k { print $2 }'; }

section settings that are as they should be
while read -r key want; do
  have=$(setting "$key")
  if [ "$have" = "$want" ]; then echo "ok $key"; else echo "$key is $have, not $want"; fi
done <<'END'
brokerRole ASYNC_MASTER
flushDiskType ASYNC_FLUSH
fileReservedTime 72
deleteWhen 04
autoCreateTopicEnable false
maxMessageSize 4194304
END

section a setting changed and set back
before=$(setting fileReservedTime)
mqadmin updateBrokerConfig -b "$BROKER" -k fileReservedTime -v 48 | sed "s/$BROKER/BROKER/"
setting fileReservedTime
mqadmin updateBrokerConfig -b "$BROKER" -k fileReservedTime -v "$before" | grep -c success
setting fileReservedTime

section how many settings there are of a kind
mqadmin getBrokerConfig -b "$BROKER" | grep -E '^(flush|delete)[A-Za-z]+ +=' | awk '{ print $1 }' | sort

section what the broker counts
mqadmin brokerStatus -b "$BROKER" | awk '{ print $1 }' | grep -E '^(bootTimestamp|brokerVersion|putTps|runtime)$' | sort
mqadmin brokerStatus -b "$BROKER" | awk '$1 == "brokerVersionDesc" { print $NF }'

# --- topics from a list ----------------------------------------------------------------------------------------

section topics made from a list
while read -r name read write perm; do
  case $name in '#'* | '') continue ;; esac
  mqadmin updateTopic -n "$NAMESRV_ADDR" -c $CLUSTER -t "$PREFIX-$name" -r "$read" -w "$write" -p "$perm" |
    grep -q 'create topic to .* success' && echo "made $name" || echo "FAILED $name"
done <<'END'
# name    read write perm
orders    4    4     6
payments  2    2     6
archive   1    1     4

audit     3    3     6
END

# The route, as a table: name, queues to read and write, permission.
queues() { mqadmin topicRoute -l -t "$1" | awk '$1 == "DefaultCluster" { print $2, $(NF-2), $(NF-1), $NF }'; }

section their routes
for topic in orders payments archive audit; do echo "$topic: $(queues "$PREFIX-$topic")"; done

section queue numbers out of the route in json
mqadmin topicRoute -t "$PREFIX-orders" | tr -d '\t\n ' | sed -n 's/.*"readQueueNums":\([0-9]*\).*/\1/p'
mqadmin topicRoute -t "$PREFIX-orders" | grep -o '"perm":[0-9]*' | cut -d: -f2

section inventory
mqadmin topicList -n "$NAMESRV_ADDR" | grep "^$PREFIX-" | sort | sed "s/^$PREFIX-//"
mqadmin topicList | grep -v '^%' | grep -c "^$PREFIX-"
mqadmin topicList -c | awk -v p="^$PREFIX-" '$2 ~ p { print $1 }' | sort | uniq -c | awk '{ print $1, $2 }'

section more queues for one
mqadmin updateTopic -b "$BROKER" -t "$PREFIX-audit" -r 8 -w 8 | grep -c success
echo "audit: $(queues "$PREFIX-audit")"

section attributes
mqadmin updateTopic -c $CLUSTER -t "$PREFIX-fifo" -a +message.type=FIFO | grep -o 'message.type[^,}]*'

# --- groups from a list ----------------------------------------------------------------------------------------

section groups made from a list
tr ',' ' ' <<'END' | while read -r group retries broadcast; do
billing,3,false
shipping,16,false
news,1,true
END
  mqadmin updateSubGroup -c $CLUSTER -g "$PREFIX-$group" -r "$retries" -d "$broadcast" </dev/null |
    grep -q success && echo "made $group"
done

group_setting() {
  mqadmin getConsumerConfig -g "$1" | awk -v k="$2" '$1 == k { sub(/^.*= */, ""); print }' | sort -u
}

section their settings
for group in billing shipping news; do
  echo "$group: retries $(group_setting "$PREFIX-$group" retryMaxTimes)," \
    "broadcast $(group_setting "$PREFIX-$group" consumeBroadcastEnable)"
done

# --- messages --------------------------------------------------------------------------------------------------

section messages sent
for i in 1 2 3 4 5 6 7 8; do
  mqadmin sendMessage -t "$PREFIX-orders" -p "order number $i" -k "key-$i" -c "Tag$((i % 2))" -b "$BROKER_NAME" -i $((i % 4))
done | awk '$3 == "SEND_OK" { sent[$2]++; total++ } END { for (q = 0; q < 4; q++) print "queue " q ": " sent[q]; print total }'

# Messages in a topic: the sum of the last offsets less the first ones.
depth() { mqadmin topicStatus -t "$1" | awk '!/^#/ && NF >= 4 { sum += $4 - $3 } END { print sum + 0 }'; }

section how many there are
echo "orders $(depth "$PREFIX-orders")"
echo "payments $(depth "$PREFIX-payments")"
echo "FixTopic $(depth FixTopic)"

section the fullest queue
mqadmin topicStatus -t "$PREFIX-orders" | grep "^$BROKER_NAME" | sort -k4,4nr -k2,2n | head -1 | awk '{ print $2, $4 }'

section a message found by its key
id=$(mqadmin queryMsgByKey -t "$PREFIX-orders" -k key-7 | awk 'NR == 2 { print $1 }')
[ ${#id} -eq 32 ] || [ ${#id} -eq 56 ] && echo "its id has the right length"
mqadmin queryMsgByUniqueKey -t "$PREFIX-orders" -i "$id" | grep -E '^(Topic|Tags|Keys|Queue ID|Queue Offset|Reconsume Times):' |
  sed -e "s/$PREFIX-//" -e 's/  */ /g'
file=$(mqadmin queryMsgByUniqueKey -t "$PREFIX-orders" -i "$id" | sed -n 's/^Message Body Path: *//p')
cat "$file" && echo

section a message by its place
mqadmin queryMsgByOffset -t "$PREFIX-orders" -b "$BROKER_NAME" -i 1 -o 0 | awk -F: '/^(Tags|Keys)/ { gsub(/ /, ""); print $1 "=" $2 }'

section a message by its offset id
offset_id=$(mqadmin queryMsgByOffset -t "$PREFIX-orders" -b "$BROKER_NAME" -i 1 -o 0 | awk '/^OffsetID/ { print $2 }')
mqadmin queryMsgById -t "$PREFIX-orders" -i "$offset_id" | awk '/^Keys:/ { print $2 }'

section messages of one queue
mqadmin consumeMessage -t "$PREFIX-orders" -b "$BROKER_NAME" -i 2 -o 0 -c 10 | grep -c '^MSGID'
mqadmin consumeMessage -t "$PREFIX-orders" -b "$BROKER_NAME" -i 2 -o 0 -c 10 | grep -o 'KEYS=key-[0-9]*' | sort -t- -k2n

# --- progress --------------------------------------------------------------------------------------------------

# How far a group is behind.
total_lag() { mqadmin consumerProgress -g "$1" | sed -n 's/^Consume Diff Total: *//p'; }

section groups that are behind
for group in fix-lag fix-online; do
  behind=$(total_lag $group)
  if [ "${behind:-0}" -gt 0 ]; then echo "$group is $behind behind"; else echo "$group is up to date"; fi
done

section lag by queue
mqadmin consumerProgress -g fix-lag | awk '$1 == "FixTopic" { print $3, $4 - $5, $NF }' | awk '{ print $1, $2 }' | sort -n

section all groups
mqadmin consumerProgress -n "$NAMESRV_ADDR" | awk '$1 ~ /^fix-/ { print $1, $NF }' | sort
mqadmin consumerProgress | awk '$1 ~ /^fix-/ && $3 == "OFFLINE" { print $1 " is offline" }'

section members
mqadmin consumerConnection -g fix-online | awk '/^Below is subscription/ { exit } !/^#/ && NF >= 4 { n++ } END { print n }'
mqadmin consumerConnection -g fix-online | sed -n '/^#Topic/,/^$/p' | awk '!/^#/ && NF { print $1 }' | sort
mqadmin consumerConnection -g fix-online | grep -E '^(ConsumeType|MessageModel|ConsumeFromWhere):'
mqadmin producerConnection -g fix-producer -t FixTopic | awk '{ print $1, $NF }'

# --- offsets ---------------------------------------------------------------------------------------------------

section a group moved back and forth
mqadmin resetOffsetByTime -g fix-lag -t FixTopic -s 0 | grep -c "^$BROKER_NAME"
total_lag fix-lag
mqadmin resetOffsetByTime -g fix-lag -t FixTopic -s now >/dev/null
total_lag fix-lag
for queue in 0 1 2 3; do
  mqadmin resetOffsetByTime -g fix-lag -t FixTopic -b "$BROKER" -q $queue -s now -o 8 >/dev/null
done
mqadmin consumerProgress -g fix-lag | awk '$1 == "FixTopic" { print $3, $5 }' | sort -n
total_lag fix-lag

section a group cloned
mqadmin cloneGroupOffset -s fix-lag -d "$PREFIX-shipping" -t FixTopic | grep -c success
mqadmin skipAccumulatedMessage -g "$PREFIX-shipping" -t FixTopic | awk '/^broker-/ { print $2, $3 }' | sort -n

# --- what is not there -----------------------------------------------------------------------------------------

section what is not there
mqadmin topicRoute -t "$PREFIX-nosuch" 2>/dev/null | wc -l | tr -d ' '
mqadmin topicList | grep -qx "$PREFIX-nosuch" || echo "no such topic"
mqadmin getConsumerConfig -g "$PREFIX-nosuch" 2>/dev/null | grep -c retryMaxTimes
if mqadmin topicStatus -t "$PREFIX-nosuch" >/dev/null 2>&1; then echo "mqadmin always says 0"; fi

# --- the ways of writing options -------------------------------------------------------------------------------

section ways of writing options
mqadmin topicstatus -t"$PREFIX-orders" | grep -c "^$BROKER_NAME"
mqadmin topicStatus --topic="$PREFIX-orders" -namesrvAddr "$NAMESRV_ADDR" | grep -c "^$BROKER_NAME"
mqadmin topicStatus --top "$PREFIX-orders" --names "$NAMESRV_ADDR" | grep -c "^$BROKER_NAME"
mqadmin topicStatus -t " $PREFIX-orders " -n "$NAMESRV_ADDR" | head -1 | awk '{ print $1, $2 }'
mqadmin clusterList -m | awk 'NR == 1 { print $1, $2, $3, $4 }'

# --- the end ---------------------------------------------------------------------------------------------------

# Tries again: a busy broker may need longer than mqadmin waits.
until_success() {
  for _ in 1 2 3 4 5; do
    "$@" </dev/null 2>/dev/null | tail -1 | grep -q success && return 0
  done
  return 1
}

section all is deleted
mqadmin topicList | grep "^$PREFIX-" | sort | while read -r topic; do
  until_success mqadmin deleteTopic -c $CLUSTER -t "$topic" && echo "deleted $topic"
done
for group in billing shipping news; do
  until_success mqadmin deleteSubGroup -c $CLUSTER -g "$PREFIX-$group" -r true && echo "deleted $group"
done
mqadmin topicList | grep -c "^$PREFIX-"
mqadmin topicList | grep -c "^%RETRY%$PREFIX-"

section done
