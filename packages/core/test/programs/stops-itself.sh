echo stopped
kill -STOP $$
echo continued
sleep 1000
