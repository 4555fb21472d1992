REPORTS = expand("results/classification/{stem}.csv", stem=classified())
