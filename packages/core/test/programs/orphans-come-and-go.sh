# Keeps the first process of the system busy with orphans that end at once.
while :; do (true &); (true &); (sleep 0.02 &); done
