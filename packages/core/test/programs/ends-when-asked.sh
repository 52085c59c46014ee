# Ends with the code given when it is asked to. What its own shell says of its children is nobody's business.
exec 3>&1 >/dev/null 2>&1
trap 'echo asked >&3; exit '"${1:-0}" HUP INT QUIT TERM USR1 USR2 ALRM PIPE
echo ready >&3
while :; do sleep 0.05; done
