# Ends while a child in its own session still has the output open, which writes later.
setsid sh -c ': >"$1/there"; while [ -d "$1" ]; do sleep 0.05; done; echo late' sh "$1" &
until [ -e "$1/there" ]; do sleep 0.01; done
echo early
exit 3
