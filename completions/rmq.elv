set edit:completion:arg-completer[rmq] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) RMQ_COMPLETE="elvish" rmq -- $@words) | to-lines
}

