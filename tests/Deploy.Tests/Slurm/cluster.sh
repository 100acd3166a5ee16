#!/bin/bash
# A whole Slurm of two nodes on this machine, without systemd: cluster.sh DIRECTORY CONTROLLER_PORT NODE_PORT NODE_PORT
# It stands until its standard input ends, and so ends with whoever started it, however that ends.
set -eu
directory=$1
conf=$directory/slurm.conf
host=$(hostname)

# Whatever runs within it carries the path of its configuration: daemons, those who watch over jobs, and the jobs.
end_all() {
    local found
    exec 2>/dev/null # the shell would tell of each of its own that is killed
    for _ in {1..100}; do
        mapfile -t found < <(grep -lzxF "SLURM_CONF=$conf" /proc/[0-9]*/environ | cut -d/ -f3)
        [ ${#found[@]} -gt 0 ] || return 0
        kill -KILL "${found[@]}" || true
        sleep 0.05
    done
}
trap end_all EXIT
trap 'exit 1' INT TERM HUP

mkdir -p "$directory"/{munge,state,n1,n2}
head -c 1024 /dev/urandom >"$directory/munge/key"
chmod 600 "$directory/munge/key"
cat >"$conf" <<CONF
ClusterName=backprop-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$2
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket=$directory/munge/socket
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/%n
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdPidFile=$directory/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# The nodes have as many processors as they say, whatever the machine has.
SlurmctldParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=2
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$3 CPUs=2
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$4 CPUs=2
PartitionName=all Nodes=n1,n2 Default=YES State=UP
CONF

in_cluster() { SLURM_CONF=$conf exec "$@" </dev/null >"$directory/$log" 2>&1; }
log=munged.log
in_cluster munged --foreground --force --num-threads=2 --key-file="$directory/munge/key" --socket="$directory/munge/socket" \
    --pid-file="$directory/munge/pid" --log-file="$directory/munge/log" --seed-file="$directory/munge/seed" &
for _ in {1..600}; do
    [ ! -S "$directory/munge/socket" ] || break
    sleep 0.05
done
log=slurmctld.log
in_cluster slurmctld -D -c -f "$conf" &
for node in n1 n2; do
    log=$node.log
    in_cluster slurmd -D -N "$node" -f "$conf" &
done
cat >/dev/null
